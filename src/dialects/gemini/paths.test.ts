/** Gemini and Vertex paths are named by their verb, the model is read from them, and keys in the query go no further. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gemini } from './index.ts'

const recognise = (method: string, path: string, query = ''): ReturnType<typeof gemini.recognise> =>
  gemini.recognise({ method, path, query })

const VERTEX = '/v1/projects/p/locations/us-east5/publishers'

test('each path has its surface, model and version', () => {
  const rows = [
    [
      'POST',
      '/v1beta/models/g-2:generateContent',
      'gemini.generate-content generate reads g-2 false',
      '',
    ],
    [
      'POST',
      '/v1/models/g-2:generateContent',
      'gemini.generate-content generate reads g-2 false',
      '',
    ],
    [
      'POST',
      '/v1alpha/models/g-2%3AstreamGenerateContent',
      'gemini.stream-generate-content generate reads g-2 true',
      '',
    ],
    [
      'POST',
      '/models/g-2:generateContent',
      'gemini.generate-content generate reads g-2 false',
      '/v1beta',
    ],
    [
      'POST',
      '/v1beta/models/g-2:GenerateContent/',
      'gemini.generate-content generate reads g-2 false',
      '',
    ],
    [
      'POST',
      '/v1beta/tunedModels/t:generateContent',
      'gemini.generate-content generate reads tunedModels/t false',
      '',
    ],
    ['POST', '/v1beta/models/g-2:countTokens', 'gemini.count-tokens count reads g-2 null', ''],
    ['POST', '/v1beta/models/e:embedContent', 'gemini.embed-content embed reads e null', ''],
    [
      'POST',
      '/v1beta/models/e:batchEmbedContents',
      'gemini.batch-embed-contents embed reads e null',
      '',
    ],
    [
      'POST',
      '/v1beta/models/g:batchGenerateContent',
      'gemini.batch-generate-content manage reads g null',
      '',
    ],
    [
      'POST',
      `${VERTEX}/google/models/g-2:streamGenerateContent`,
      'gemini.stream-generate-content generate reads g-2 true',
      '',
    ],
    [
      'POST',
      '/projects/p/locations/l/publishers/google/models/g:generateContent',
      'gemini.generate-content generate reads g false',
      '/v1',
    ],
    [
      'POST',
      '/v1beta1/projects/p/locations/l/endpoints/77:generateContent',
      'gemini.generate-content generate reads endpoints/77 false',
      '',
    ],
    [
      'POST',
      `${VERTEX}/anthropic/models/claude-x@2:rawPredict`,
      'vertex.raw-predict generate reads claude-x@2 false',
      '',
    ],
    [
      'POST',
      `${VERTEX}/anthropic/models/claude-x:streamRawPredict`,
      'vertex.raw-predict generate reads claude-x true',
      '',
    ],
    [
      'POST',
      `${VERTEX}/anthropic/models/count-tokens:rawPredict`,
      'vertex.raw-predict count reads null false',
      '',
    ],
    [
      'POST',
      `${VERTEX}/google/models/imagen:predict`,
      'gemini.predict generate reads imagen false',
      '',
    ],
    ['GET', '/v1beta/models', 'gemini.models manage null null', ''],
    ['GET', '/v1beta/models/g-2', 'gemini.models manage g-2 null', ''],
    ['POST', '/v1beta/cachedContents', 'gemini.cached-contents manage reads null null', ''],
    ['GET', '/v1beta/cachedContents/c1', 'gemini.cached-contents manage null null', ''],
    [
      'GET',
      '/v1/projects/p/locations/l/cachedContents',
      'gemini.cached-contents manage null null',
      '',
    ],
    ['GET', '/v1beta/files/f', 'gemini.files manage null null', ''],
    ['POST', '/upload/v1beta/files', 'gemini.upload opaque null null', ''],
    ['POST', '/v1beta/models/g-2:dream', 'gemini.other opaque g-2 null', ''],
    ['POST', '/v1beta/models/g-2:constructor', 'gemini.other opaque g-2 null', ''],
    ['GET', '/v1beta/models/g-2:generateContent', 'gemini.other opaque g-2 null', ''],
    ['POST', '/v1beta/openai/chat/completions', 'gemini.other opaque null null', ''],
  ] as const
  for (const [method, path, expected, prefix] of rows) {
    const surface = recognise(method, path)
    assert.ok(surface !== null, path)
    const { name, kind, readsBody, modelInPath, streamInPath, upstreamPath } = surface
    const seen = `${name} ${kind}${readsBody ? ' reads' : ''} ${modelInPath} ${streamInPath}`
    assert.equal(seen, expected, `${method} ${path}`)
    assert.equal(upstreamPath, prefix + path)
  }
})

test('credentials in the query are removed, everything else is kept as it came', () => {
  const rows = [
    ['?key=AIza', ''],
    ['?alt=sse&key=AIza', '?alt=sse'],
    ['?key=AIza&alt=sse&x=%20y', '?alt=sse&x=%20y'],
    ['?%6bey=AIza&KEY=b&access_token=c', ''],
    ['?monkey=1&keys=2', '?monkey=1&keys=2'],
    ['?%zz=1', '?%zz=1'],
    ['', ''],
  ] as const
  for (const [query, kept] of rows) {
    const path = '/v1beta/models/g:streamGenerateContent'
    assert.equal(recognise('POST', path, query)?.upstreamPath, path + kept, query)
  }
})

test('a path that servers read in different ways is not recognised', () => {
  for (const path of [
    '/v1beta/../models/g:generateContent',
    '/v1beta/models%2Fg:generateContent',
    '/v1beta/%zz',
    'models',
  ]) {
    assert.equal(recognise('POST', path), null, path)
  }
})

test('only paths that no other provider answers are claimed', () => {
  const claims = (path: string): boolean => gemini.claims({ method: 'POST', path, query: '' })
  for (const path of [
    '/v1beta/models',
    '/v1beta/models/g:generateContent',
    '/v1alpha/models/g:generateContent',
    '/v1beta1/projects/p/locations/l/endpoints/7:predict',
    '/v1/models/g:generateContent',
    '/v1/models/g%3AcountTokens',
    `${VERTEX}/google/models/g:generateContent`,
    '/upload/v1beta/files',
  ]) {
    assert.equal(claims(path), true, path)
  }
  for (const path of [
    '/v1/models',
    '/v1/models/gpt-x',
    '/v1/models/ft:gpt-x:org',
    '/v1/models/x:constructor',
    '/models/g:generateContent',
    '/v1/files',
    '/v1/messages',
    '/v1/projects',
    '/v1',
    '/v1beta',
    '/',
    '/upload/v1/files',
  ]) {
    assert.equal(claims(path), false, path)
  }
})
