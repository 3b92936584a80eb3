import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatCheckpointText,
  openCheckpoint,
  parseCheckpointText,
  parseDecimal,
  peekCheckpoint,
  sealCheckpoint,
} from './checkpoint.ts'
import { EMPTY_ROOT } from './merkle.ts'
import { noteSigner } from './note-key.ts'
import { formatNote, signText } from './note.ts'

const log = noteSigner('example.com/log', 'note', Buffer.alloc(32, 1))!
const other = noteSigner('example.com/other', 'note', Buffer.alloc(32, 2))!
const witness = noteSigner('example.com/log', 'cosignature', Buffer.alloc(32, 3))!
const ROOT = EMPTY_ROOT.toString('base64')

test('a checkpoint that was sealed opens, for the keys of its origin only', () => {
  const bytes = sealCheckpoint({ size: 7, root: EMPTY_ROOT }, log)
  const opened = openCheckpoint(bytes, [other.key, log.key])
  assert.equal(opened.kind, 'ok')
  assert.equal(opened.kind === 'ok' ? opened.checkpoint.size : 0, 7)
  assert.equal(peekCheckpoint(bytes)?.origin, 'example.com/log')
  assert.equal(openCheckpoint(bytes, [other.key]).kind, 'refused')
  assert.equal(openCheckpoint(bytes.subarray(0, -1), [log.key]).kind, 'refused')
})

test('neither another log nor a witness speaks for a log', () => {
  const text = formatCheckpointText({
    origin: 'example.com/log',
    size: 1,
    root: EMPTY_ROOT,
    extensions: [],
  })
  for (const signer of [other, witness]) {
    const note = formatNote({ text, signatures: [signText(text, signer, 5)] })
    const opened = openCheckpoint(note, [log.key, other.key, witness.key])
    assert.match(opened.kind === 'refused' ? opened.reason : '', /no trusted key of example\.com/)
  }
  const prose = 'no checkpoint\n'
  const note = formatNote({ text: prose, signatures: [signText(prose, log, 0)] })
  const opened = openCheckpoint(note, [log.key])
  assert.match(opened.kind === 'refused' ? opened.reason : '', /not a checkpoint/)
})

test('only the one spelling of a checkpoint is read', () => {
  const good = `example.com/log\n12\n${ROOT}\n`
  assert.equal(parseCheckpointText(good)?.size, 12)
  assert.deepEqual(parseCheckpointText(`${good}more\nlines\n`)?.extensions, ['more', 'lines'])
  for (const bad of [
    '',
    '\n',
    good.slice(0, -1),
    `${good}\n`,
    `${good}\nmore\n`,
    `\n12\n${ROOT}\n`,
    `example.com/log\n012\n${ROOT}\n`,
    `example.com/log\n+12\n${ROOT}\n`,
    `example.com/log\n-1\n${ROOT}\n`,
    `example.com/log\n12 \n${ROOT}\n`,
    `example.com/log\n1e3\n${ROOT}\n`,
    `example.com/log\n9007199254740992\n${ROOT}\n`,
    `example.com/log\n99999999999999999999\n${ROOT}\n`,
    `example.com/log\n12\n${ROOT.slice(0, -1)}\n`,
    `example.com/log\n12\n${ROOT} \n`,
    `example.com/log\n12\n${ROOT.replace('=', 'A')}\n`,
    'example.com/log\n12\n\n',
    'example.com/log\n12\n',
  ])
    assert.equal(parseCheckpointText(bad), null, JSON.stringify(bad))
  assert.equal(parseDecimal('9007199254740991'), 2 ** 53 - 1)
})

test('every tree head round-trips', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
      const checkpoint = { origin: 'a/b', size, root: Buffer.from(root), extensions: [] }
      assert.deepEqual(parseCheckpointText(formatCheckpointText(checkpoint)), checkpoint)
    }),
  )
})
