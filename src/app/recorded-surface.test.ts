import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openingFacts } from '../../test/harness/evidence.ts'
import type { DialectName } from '../model/dialect.ts'
import type { OpeningFacts } from '../model/record.ts'
import { recordedSurface } from './recorded-surface.ts'

function facts(
  dialect: DialectName,
  upstream: string,
  surface: string,
  target: string,
): OpeningFacts {
  const received = { ...openingFacts().received, target }
  return openingFacts({ dialect, upstream, surface, received, sent: null })
}

test('the surface is found again below the prefix, a service tag and a region, and in the single-origin layout', () => {
  const converse = facts(
    'bedrock',
    'bedrock',
    'bedrock.converse',
    '/bedrock/us-east-1/model/m/converse',
  )
  assert.equal(recordedSurface(converse)?.modelInPath, 'm')
  const gemini = '/v1beta/models/g:streamGenerateContent?alt=sse&key=(removed)'
  const name = 'gemini.stream-generate-content'
  for (const target of [`/gemini${gemini}`, `/t/svc/gemini${gemini}`, gemini]) {
    const surface = recordedSurface(facts('gemini', 'gemini', name, target))
    assert.equal(surface?.modelInPath, 'g', target)
    assert.equal(surface.streamInPath, true)
  }
})

test('a path that names the surface no longer falls back to what was sent, then to the recorded name', () => {
  const moved = facts('gemini', 'other', 'gemini.generate-content', '/elsewhere')
  const sent = { ...moved.received, target: '/v1beta/models/g:generateContent' }
  assert.equal(recordedSurface({ ...moved, sent })?.modelInPath, 'g')
  const lost = recordedSurface({ ...moved, surface: 'gemini.gone' })
  assert.deepEqual(
    { name: lost?.name, dialect: lost?.dialect, kind: lost?.kind },
    { name: 'gemini.gone', dialect: 'gemini', kind: 'generate' },
  )
})

test('without a dialect there is no surface', () => {
  assert.equal(recordedSurface(openingFacts({ dialect: null, surface: '' })), null)
})
