import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { noteSigner } from './note-key.ts'
import { formatNote, signText } from './note.ts'
import { splitNotes } from './split-notes.ts'

const signer = noteSigner('example.com/log', 'note', Buffer.alloc(32, 7))!
const noteOf = (size: number, signatures: number): Buffer => {
  const text = `example.com/log\n${size}\nroot\n`
  return formatNote({ text, signatures: Array(signatures).fill(signText(text, signer, size)) })
}

test('notes that were appended one after the other, each with an empty line behind it, are told apart', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }), (all) => {
      const notes = all.map((signatures, size) => noteOf(size, signatures))
      const file = Buffer.concat(notes.flatMap((note) => [note, Buffer.from('\n')]))
      const found = splitNotes(file)
      if (notes.length === 1) assert.deepEqual(found, [file])
      else assert.deepEqual(found, notes)
    }),
  )
})

test('one note, half a note and no note stay as they are', () => {
  for (const bytes of [
    noteOf(1, 2),
    noteOf(1, 1).subarray(0, -5),
    Buffer.from('\xff\n'),
    Buffer.alloc(0),
  ])
    assert.deepEqual(splitNotes(bytes), [bytes])
})

test('no byte of a cut note is lost', () => {
  const file = Buffer.concat([noteOf(1, 1), Buffer.from('\nexample.com/log\n2\nhalf')])
  assert.deepEqual(splitNotes(file), [noteOf(1, 1), Buffer.from('example.com/log\n2\nhalf')])
})
