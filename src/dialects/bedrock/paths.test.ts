/** Bedrock paths keep their bytes, give up the model id, and hide no action behind an encoding. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bedrock } from './index.ts'

const recognise = (
  method: string,
  path: string,
  query = '',
): ReturnType<typeof bedrock.recognise> => bedrock.recognise({ method, path, query })

const ARN = 'arn%3Aaws%3Abedrock%3Aus-east-1%3A123%3Ainference-profile%2Fus.m-1%3A0'
const ARN_TEXT = 'arn:aws:bedrock:us-east-1:123:inference-profile/us.m-1:0'

test('each path has its surface and model', () => {
  const rows = [
    ['POST', '/model/m-1%3A0/converse', 'bedrock.converse generate reads m-1:0 false'],
    ['POST', '/model/m-1:0/converse-stream', 'bedrock.converse-stream generate reads m-1:0 true'],
    ['POST', `/model/${ARN}/invoke`, `bedrock.invoke generate reads ${ARN_TEXT} false`],
    [
      'POST',
      `/model/${decodeURIComponent(ARN)}/invoke`,
      `bedrock.invoke generate reads ${ARN_TEXT} false`,
    ],
    [
      'POST',
      `/model/${ARN}/invoke-with-response-stream`,
      `bedrock.invoke-with-response-stream generate reads ${ARN_TEXT} true`,
    ],
    [
      'POST',
      '/model/m/invoke-with-bidirectional-stream',
      'bedrock.invoke-with-bidirectional-stream opaque m null',
    ],
    ['POST', '/model/m/count-tokens', 'bedrock.count-tokens count reads m null'],
    ['POST', '/model/m/async-invoke', 'bedrock.async-invoke manage reads m null'],
    ['POST', '/async-invoke', 'bedrock.async-invoke manage reads null null'],
    ['GET', '/async-invoke/arn%3Ax', 'bedrock.async-invoke manage null null'],
    ['POST', '/guardrail/g1/version/1/apply', 'bedrock.apply-guardrail manage reads null null'],
    ['POST', '/guardrail-checks/invoke', 'bedrock.guardrail-checks manage reads null null'],
    ['GET', '/foundation-models', 'bedrock.models manage null null'],
    ['POST', '/model/m%2Fconverse', 'bedrock.converse generate reads m false'],
    ['POST', '/model/m/%63onverse/', 'bedrock.converse generate reads m false'],
    ['POST', '/model/m/converse;x=1', 'bedrock.converse generate reads m false'],
    ['POST', '/model/m/dream', 'bedrock.other opaque m null'],
    ['POST', '/model/converse', 'bedrock.other opaque null null'],
    ['GET', '/model/m/converse', 'bedrock.other opaque m null'],
    ['POST', '/openai/v1/chat/completions', 'bedrock.other opaque null null'],
  ] as const
  for (const [method, path, expected] of rows) {
    const surface = recognise(method, path, '?q=%41')
    assert.ok(surface !== null, path)
    const { name, kind, readsBody, modelInPath, streamInPath } = surface
    assert.equal(
      `${name} ${kind}${readsBody ? ' reads' : ''} ${modelInPath} ${streamInPath}`,
      expected,
      path,
    )
    assert.equal(surface.upstreamPath, `${path}?q=%41`)
  }
})

test('a path that servers read in different ways is not recognised', () => {
  for (const path of [
    '/model/../converse',
    '/model/a%2F..%2Fb/converse',
    '/model/m%00/converse',
    '/model/%zz/converse',
    '/model\\m/converse',
    'model/m/converse',
  ]) {
    assert.equal(recognise('POST', path), null, path)
  }
})

test('only paths that no other provider answers are claimed', () => {
  const claims = (path: string): boolean => bedrock.claims({ method: 'POST', path, query: '' })
  for (const path of [
    '/model/m/converse',
    `/model/${ARN}/invoke-with-response-stream`,
    '/async-invoke',
    '/guardrail/g/version/1/apply',
  ]) {
    assert.equal(claims(path), true, path)
  }
  for (const path of [
    '/',
    '/model',
    '/model/m',
    '/model/m/dream',
    '/models/m/converse',
    '/v1/model/m/converse',
    '/guardrail/g',
    '/model/../converse',
  ]) {
    assert.equal(claims(path), false, path)
  }
})
