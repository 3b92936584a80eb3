import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
} from '../../test/harness/evidence.ts'

test('an exchange comes back byte for byte, with its timing', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { recorder, reader } = opened.evidence
  const { bytes, spans } = chatBody([
    { role: 'system', text: 'Be brief.' },
    { role: 'user', text: 'Grüße, ✓' },
  ])
  const facts = openingFacts()
  const recording = await recorder.open({ facts, body: wholeBody(bytes, spans) })
  const startMs = performance.now()
  recording.answerHead(
    { status: 200, headers: [['content-type', 'text/event-stream']] },
    'upstream',
    startMs,
  )
  recording.answerChunk(Buffer.from('data: 1\n\n'), startMs + 1)
  await recording.durable()
  recording.answerChunk(Buffer.from('data: 2\n\n'), startMs + 11)
  await recording.close(closingFacts({ answerBytes: 18 }))
  await opened.evidence.flush()

  const found = await reader.readExchange(facts.id)
  assert.ok(found)
  assert.deepEqual(found.problems, [])
  assert.deepEqual(found.requestBody, bytes)
  assert.deepEqual(
    found.requestBlocks.map(({ start, end, role }) => ({ start, end, role })),
    spans,
  )
  assert.deepEqual(found.facts, facts)
  assert.equal(found.closing?.state, 'complete')
  assert.equal(found.answerHead?.status, 200)
  assert.deepEqual(
    found.answerChunks.map((chunk) => chunk.bytes.toString()),
    ['data: 1\n\n', 'data: 2\n\n'],
  )
  const [first, second] = found.answerChunks
  assert.ok(first && second)
  assert.ok(Math.abs(second.atMs - first.atMs - 10) < 0.01)
  assert.equal(found.row.state, 'complete')
  assert.equal(found.row.path, '/openai/v1/chat/completions')
  assert.equal(found.row.userAgent, 'tests/1')
})
