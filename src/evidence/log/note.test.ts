import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatNoteKey,
  keyIdText,
  noteKey,
  noteSigner,
  parseNoteKey,
  parseNoteSigner,
  type NoteKeyType,
  type NoteSigner,
} from './note-key.ts'
import {
  formatNote,
  formatSignatureLine,
  NOTE_BYTES_MAX,
  NOTE_SIGNATURES_MAX,
  openNote,
  parseNote,
  parseSignatureLines,
  signText,
} from './note.ts'

const signer = (name: string, seed: number, type: NoteKeyType = 'note'): NoteSigner =>
  noteSigner(name, type, Buffer.alloc(32, seed))!
const alice = signer('alice.example/log', 1)
const bob = signer('bob.example/log', 2)
const witness = signer('witness.example/w1', 3, 'cosignature')
const TEXT = 'hello\n\nworld\n'
const signed = (text: string, ...signers: NoteSigner[]): Buffer =>
  formatNote({ text, signatures: signers.map((one) => signText(text, one, 1_700_000_000)) })
const reasonOf = (bytes: Buffer, ...trusted: NoteSigner[]): string => {
  const verdict = openNote(
    bytes,
    trusted.map((one) => one.key),
  )
  return verdict.kind === 'refused' ? verdict.reason : 'verified'
}

test('the example of the signed-note specification verifies', () => {
  const key = parseNoteKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
  assert.ok(key)
  const note = [
    'If you think cryptography is the answer to your problem,',
    "then you don't know what your problem is.",
    '',
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
    '',
  ].join('\n')
  const verdict = openNote(Buffer.from(note), [key])
  assert.equal(verdict.kind, 'verified')
  assert.match(verdict.kind === 'verified' ? verdict.note.text : '', /^If you think.*is\.\n$/s)
})

test('key texts are read strictly and written back the same', () => {
  const text = formatNoteKey(alice.key)
  assert.equal(formatNoteKey(parseNoteKey(text)!), text)
  assert.notEqual(signer('alice.example/log', 1, 'cosignature').key.id, alice.key.id)
  const [name, id, material] = text.split('+') as [string, string, string]
  for (const bad of [
    '',
    name,
    `${name}+${id}`,
    `+${id}+${material}`,
    `a b+${id}+${material}`,
    `${name}+${id.toUpperCase()}x+${material}`,
    `${name}+00000000+${material}`,
    `other${name}+${id}+${material}`,
    `${name}+${id}+${material.slice(0, -4)}`,
    `${name}+${id}+${material} `,
    `${name}+${id}+${Buffer.from('\u0002').toString('base64')}`,
    text.replace('+AY', '+AZ'),
  ])
    assert.equal(parseNoteKey(bad), null, bad)
  for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003b', 'a\nb', 'x'.repeat(256), '\ud800'])
    assert.equal(noteKey(name, 'note', Buffer.alloc(32)), null, name)
  assert.equal(noteSigner('a', 'note', Buffer.alloc(31)), null)
  assert.equal(parseNoteSigner(text), null)
  assert.equal(parseNoteSigner(`PRIVATE+KEY+${text}`), null)
})

test('unknown signatures are ignored, known ones must hold', () => {
  assert.equal(reasonOf(signed(TEXT, alice, bob), alice), 'verified')
  assert.equal(reasonOf(signed(TEXT, bob, alice), alice), 'verified')
  assert.match(reasonOf(signed(TEXT, bob), alice), /no trusted key/)
  assert.match(reasonOf(signed(TEXT, alice)), /no trusted key/)
  const forged = { ...signText(TEXT, alice, 0), bytes: Buffer.alloc(64) }
  const both = formatNote({ text: TEXT, signatures: [signText(TEXT, bob, 0), forged] })
  assert.equal(reasonOf(both, bob), 'verified')
  assert.match(reasonOf(both, alice, bob), /alice\.example\/log does not verify/)
})

test('a name or an id alone does not make a key known', () => {
  const line = signText(TEXT, alice, 0)
  const sameName = { ...line, keyId: line.keyId ^ 1 }
  const sameId = { ...line, name: 'mallory.example' }
  const note = formatNote({ text: TEXT, signatures: [sameName, sameId] })
  assert.match(reasonOf(note, alice), /no trusted key/)
  const withGood = formatNote({ text: TEXT, signatures: [sameName, sameId, line] })
  assert.equal(reasonOf(withGood, alice), 'verified')
})

test('two trusted keys with one name and id are not told apart by luck', () => {
  const twin = { ...bob, key: { ...bob.key, name: alice.key.name, id: alice.key.id } }
  assert.match(reasonOf(signed(TEXT, alice), alice, twin), /share the name/)
  assert.equal(reasonOf(signed(TEXT, alice), alice, alice), 'verified')
})

test('a repeated signature counts once, and a bad repetition refuses the note', () => {
  const verdict = openNote(signed(TEXT, alice, alice, alice), [alice.key])
  assert.equal(verdict.kind === 'verified' ? verdict.by.length : 0, 1)
  const bad = { ...signText(TEXT, alice, 0), bytes: Buffer.alloc(64, 1) }
  const note = formatNote({ text: TEXT, signatures: [signText(TEXT, alice, 0), bad] })
  assert.match(reasonOf(note, alice), /does not verify/)
})

test('a cosignature holds for its text, its time and its kind of key only', () => {
  const verdict = openNote(signed(TEXT, witness), [witness.key])
  assert.equal(verdict.kind, 'verified')
  assert.deepEqual(verdict.kind === 'verified' ? verdict.by[0]?.timeS : null, 1_700_000_000)
  const line = signText(TEXT, witness, 1_700_000_000)
  const later = Buffer.from(line.bytes)
  later.writeBigUInt64BE(1_700_000_001n)
  const forever = Buffer.from(line.bytes)
  forever.writeBigUInt64BE(2n ** 63n)
  for (const bytes of [later, forever, line.bytes.subarray(8), line.bytes.subarray(0, 71)]) {
    const note = formatNote({ text: TEXT, signatures: [{ ...line, bytes }] })
    assert.match(reasonOf(note, witness), /does not verify/)
  }
  const newest = [1, 3, 2].map((time) => signText(TEXT, witness, time))
  const many = openNote(formatNote({ text: TEXT, signatures: newest }), [witness.key])
  assert.deepEqual(many.kind === 'verified' ? many.by.map((one) => one.timeS) : [], [3])
})

test('sixteen signatures and more are accepted, a flood and an oversized note are not', () => {
  const crowd = Array.from({ length: 15 }, (_, at) => signer(`w${at}.example`, at + 10))
  assert.equal(reasonOf(signed(TEXT, ...crowd, alice), alice), 'verified')
  const line = signText(TEXT, alice, 0)
  const many = (count: number): Buffer =>
    formatNote({ text: TEXT, signatures: Array.from({ length: count }, () => line) })
  assert.equal(reasonOf(many(NOTE_SIGNATURES_MAX), alice), 'verified')
  assert.match(reasonOf(many(NOTE_SIGNATURES_MAX + 1), alice), /more than/)
  const long = 'x'.repeat(NOTE_BYTES_MAX) + '\n'
  assert.match(reasonOf(signed(long, alice), alice), /longer than/)
})

test('malformed notes are refused with a reason', () => {
  const good = signed(TEXT, alice).toString()
  const cases: [Buffer | string, RegExp][] = [
    ['', /newline/],
    ['\n', /no empty line/],
    [TEXT, /malformed|no empty line/],
    ['text\n\n', /no signatures/],
    [good.slice(0, -1), /newline/],
    [`${good}\n`, /no signatures/],
    [good.replaceAll('\n', '\r\n'), /control character/],
    [good.replace('hello', 'hel\u0000lo'), /control character/],
    [good.replace('hello', 'hel\tlo'), /control character/],
    [Buffer.concat([Buffer.of(0xff), Buffer.from(good)]), /UTF-8/],
    [`${good}trailing\n`, /malformed/],
    [good.replace('—', '-'), /malformed/],
    [good.replace('— ', '—'), /malformed/],
    [good.replace('— ', '—  '), /malformed/],
    [good.replace(/=\n$/, '\n'), /malformed/],
    [good.replace(/\n$/, ' \n'), /malformed/],
    [good.replace('alice.example/log', 'al ice'), /malformed/],
    [good.replace('alice.example/log', 'al+ice'), /malformed/],
    ['text\n\n— alice AAAAAA==\n', /malformed/],
    ['text\n\n— alice \n', /malformed/],
  ]
  for (const [bytes, reason] of cases) {
    const reading = parseNote(Buffer.from(bytes))
    assert.match(reading.kind === 'refused' ? reading.reason : 'ok', reason, JSON.stringify(bytes))
  }
  assert.equal(parseNote(Buffer.from(`\ufeff${good}`)).kind, 'ok')
  assert.equal(
    reasonOf(Buffer.from(`\ufeff${good}`), alice),
    'the signature of alice.example/log does not verify',
  )
  assert.equal(parseSignatureLines('— alice AAAAAAE='), null)
  assert.equal(parseSignatureLines('\n'), null)
})

test('notes of any text round-trip, and any changed bit is refused or loses the signature', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: 'grapheme', maxLength: 20 }).map((line) => line.replace(/\p{Cc}/gu, '_')),
      ),
      fc.nat(),
      (lines, place) => {
        const text = lines.map((line) => `${line}\n`).join('') + 'end\n'
        const bytes = signed(text, alice, witness)
        const reading = parseNote(bytes)
        assert.equal(reading.kind, 'ok')
        if (reading.kind === 'ok') assert.deepEqual(formatNote(reading.note), bytes)
        const changed = Buffer.from(bytes)
        const bit = place % (bytes.length * 8)
        changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7))
        const verdict = openNote(changed, [alice.key, witness.key])
        const keys = verdict.kind === 'verified' ? verdict.by.length : 0
        assert.ok(keys < 2, 'a changed note kept both signatures')
      },
    ),
  )
})

test('noise never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 3 }), (noise, cut) => {
      const bytes = Buffer.concat([
        Buffer.from('text\n\n— '.slice(0, cut * 4)),
        Buffer.from(noise),
        Buffer.from('\n'),
      ])
      assert.equal(openNote(bytes, [alice.key]).kind, 'refused')
    }),
  )
})

test('signature lines carry the id that names the key', () => {
  const [line] = parseSignatureLines(formatSignatureLine(signText(TEXT, alice, 0))) ?? []
  assert.equal(line?.keyId.toString(16).padStart(8, '0'), keyIdText(alice.key))
})
