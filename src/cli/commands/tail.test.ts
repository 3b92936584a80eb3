import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonLines, startCli } from '../../../test/harness/cli.ts'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
} from '../../../test/harness/evidence.ts'
import { acquireFolderLock } from '../../store/folder-lock.ts'

test('tail shows an exchange when it opens and when it ends, and Ctrl-C is no error', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  // The test is the running gateway.
  using _lock = acquireFolderLock(folder.path)
  const facts = openingFacts({ model: 'gpt\u001b[31m' })
  const recording = await to.evidence.recorder.open({ facts, body: wholeBody(chatBody([]).bytes) })
  await to.evidence.flush()
  await using json = startCli('tail', '--json', '--data', folder.path)
  await using lines = startCli('tail', '--data', folder.path)
  await json.until('"state":"open"')
  await lines.until('open')
  await recording.close(closingFacts())
  await to.evidence.flush()
  await json.until('"state":"complete"')
  await lines.until('complete')
  json.kill('SIGINT')
  lines.kill('SIGINT')
  const ran = await json.ended
  assert.equal(ran.code, 0)
  assert.deepEqual(
    jsonLines(ran.out).map(({ id, state }) => [id, state]),
    [
      [facts.id, 'open'],
      [facts.id, 'complete'],
    ],
  )
  const { out, code } = await lines.ended
  assert.equal(code, 0)
  assert.ok(out.includes('gpt\\u{1b}[31m'))
  assert.ok(!out.includes('\u001b'))
})
