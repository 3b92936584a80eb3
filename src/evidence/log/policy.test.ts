import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatCheckpointText } from './checkpoint.ts'
import { EMPTY_ROOT } from './merkle.ts'
import { formatNoteKey, noteSigner, type NoteSigner } from './note-key.ts'
import { formatNote, signText } from './note.ts'
import { evaluatePolicy, parsePolicy, type Policy } from './policy.ts'

const log = noteSigner('example.com/log', 'note', Buffer.alloc(32, 1))!
const stranger = noteSigner('example.com/stranger', 'note', Buffer.alloc(32, 2))!
const witnesses = Array.from({ length: 6 }, (_, at) =>
  noteSigner(`w${at}.example`, 'cosignature', Buffer.alloc(32, at + 10))!,
)
const vkey = (signer: NoteSigner): string => formatNoteKey(signer.key)
const lines = (...text: string[]): Buffer => Buffer.from(`${text.join('\n')}\n`, 'utf8')
const policyOf = (...text: string[]): Policy => {
  const reading = parsePolicy(lines(...text))
  return reading.kind === 'ok'
    ? reading.policy
    : assert.fail(`line ${reading.line}: ${reading.reason}`)
}
const witnessLines = witnesses.map((signer, at) => `witness W${at} ${vkey(signer)}`)
const TWO_LEVELS = [
  '# X and Y are two organisations',
  `log ${vkey(log)} https://example.com/log`,
  ...witnessLines,
  '',
  '\tgroup  X 2 W0 W1 W2 ',
  'group Y any W3 W4 W5',
  'group both all X Y',
  'quorum both',
]

const text = formatCheckpointText({
  origin: log.key.name,
  size: 0,
  root: EMPTY_ROOT,
  extensions: [],
})
const noteBy = (signers: readonly NoteSigner[], timeS = 100): Buffer =>
  formatNote({ text, signatures: signers.map((signer) => signText(text, signer, timeS)) })
const verdict = (policy: Policy, signers: readonly NoteSigner[], latestS = 100): string => {
  const found = evaluatePolicy({ policy, note: noteBy(signers), latestS })
  return found.kind === 'accepted' ? 'accepted' : found.reason
}

test('a quorum of two levels holds exactly when each group has enough cosignatures', () => {
  const policy = policyOf(...TWO_LEVELS)
  fc.assert(
    fc.property(fc.subarray([0, 1, 2, 3, 4, 5]), (chosen) => {
      const signers = [log, ...chosen.map((at) => witnesses[at]!)]
      const holds = chosen.filter((at) => at < 3).length >= 2 && chosen.some((at) => at >= 3)
      assert.equal(verdict(policy, signers) === 'accepted', holds)
    }),
  )
})

test('one log of the policy must have signed, whatever the witnesses say', () => {
  const policy = policyOf(...TWO_LEVELS)
  assert.match(verdict(policy, witnesses), /no trusted key of example\.com/)
  assert.match(verdict(policy, [stranger, ...witnesses]), /no trusted key of example\.com/)
  const none = policyOf(`log ${vkey(log)}`, 'quorum none')
  assert.equal(verdict(none, [log]), 'accepted')
  assert.match(verdict(none, [stranger]), /no trusted key/)
  assert.match(verdict(policyOf('quorum none'), [log]), /no trusted key/)
})

test('a repeated cosignature counts once and one from the future not at all', () => {
  const policy = policyOf(`log ${vkey(log)}`, ...witnessLines, 'group G 2 W0 W1 W2', 'quorum G')
  const [w0, w1] = [witnesses[0]!, witnesses[1]!]
  assert.match(verdict(policy, [log, w0, w0, w0]), /too few/)
  assert.equal(verdict(policy, [log, w0, w1]), 'accepted')
  assert.match(verdict(policy, [log, w0, w1], 99), /too few/)
})

test('a bad signature of any trusted key refuses, also beyond the quorum', () => {
  const policy = policyOf(`log ${vkey(log)}`, ...witnessLines, 'quorum W0')
  const bad = { ...signText(text, witnesses[5]!, 1), bytes: Buffer.alloc(72) }
  const signatures = [signText(text, log, 0), signText(text, witnesses[0]!, 1), bad]
  const found = evaluatePolicy({ policy, note: formatNote({ text, signatures }), latestS: 9 })
  assert.match(found.kind === 'refused' ? found.reason : '', /w5\.example does not verify/)
})

test('names are octets, keys may have names that are not ASCII', () => {
  const kelvin = noteSigner('kélvin.example/\u212a', 'cosignature', Buffer.alloc(32, 50))!
  const policy = policyOf(
    `log ${vkey(log)}`,
    `witness K ${vkey(witnesses[0]!)}`,
    `witness \u212a ${vkey(kelvin)} https://kélvin.example/`,
    'quorum \u212a',
  )
  assert.equal(verdict(policy, [log, kelvin]), 'accepted')
  assert.match(verdict(policy, [log, witnesses[0]!]), /too few/)
})

test('a policy that is not exactly right is refused with its line', () => {
  const key = vkey(log)
  const w = `witness W ${vkey(witnesses[0]!)}`
  const cases: [number, string[]][] = [
    [1, ['']],
    [1, [`log ${key}`]],
    [1, ['log', 'quorum none']],
    [1, [`log ${key} url more`, 'quorum none']],
    [2, [`log ${key}`, `log ${key}`, 'quorum none']],
    [1, [`log ${key.replace('+', ' ')}`, 'quorum none']],
    [1, [`log ${vkey(witnesses[0]!)}`, 'quorum none']],
    [1, [`witness W ${key}`, 'quorum W']],
    [1, [w.replace(' W ', ' none '), 'quorum none']],
    [2, [w, w, 'quorum W']],
    [2, [w, w.replace(' W ', ' V '), 'quorum W']],
    [1, ['witness W', 'quorum W']],
    [1, ['quorum W', w]],
    [2, [w, 'quorum W W']],
    [3, [w, 'quorum W', 'quorum none']],
    [2, [w, 'group G 0 W', 'quorum G']],
    [2, [w, 'group G 2 W', 'quorum G']],
    [2, [w, 'group G 01 W', 'quorum G']],
    [2, [w, 'group G most W', 'quorum G']],
    [2, [w, 'group G any', 'quorum G']],
    [2, [w, 'group G any G', 'quorum G']],
    [2, [w, 'group G any none', 'quorum G']],
    [2, [w, 'group G 1 W W', 'quorum G']],
    [3, [w, 'group G any W', 'group H any W', 'quorum H']],
    [2, [w, 'group W any W', 'quorum W']],
    [1, ['Quorum none']],
    [2, ['quorum none', 'witnes x']],
    [2, ['quorum none', 'log\u00a0x']],
    [2, ['# comment', 'quorum none\r']],
    [1, ['# \u0000', 'quorum none']],
  ]
  for (const [line, text] of cases) {
    const reading = parsePolicy(lines(...text))
    assert.equal(reading.kind === 'refused' ? reading.line : 'ok', line, text.join('|'))
  }
  assert.equal(parsePolicy(Buffer.from('quorum none')).kind, 'refused')
  assert.equal(parsePolicy(Buffer.alloc(300_000, '\n')).kind, 'refused')
})

test('a policy of 32 logs, witnesses and groups is accepted', () => {
  const many = Array.from({ length: 32 }, (_, at) => at)
  const text = [
    ...many.map((at) => `log ${vkey(noteSigner(`l${at}`, 'note', Buffer.alloc(32, at + 60))!)}`),
    ...many.map(
      (at) =>
        `witness w${at} ${vkey(noteSigner(`w${at}`, 'cosignature', Buffer.alloc(32, at + 100))!)}`,
    ),
    ...many.map((at) => `group g${at} any ${at === 0 ? '' : `g${at - 1}`} w${at}`),
    'quorum g31',
  ]
  assert.equal(policyOf(...text).witnesses.length, 32)
})
