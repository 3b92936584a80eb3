import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatCheckpointText, sealCheckpoint } from './checkpoint.ts'
import { EMPTY_ROOT, Frontier, leafHash } from './merkle.ts'
import { inclusionSteps, readProof } from './merkle-proof.ts'
import { formatNoteKey, noteSigner, type NoteSigner } from './note-key.ts'
import { formatNote, signText } from './note.ts'
import { evaluatePolicy, parsePolicy, type Policy } from './policy.ts'
import { formatProofFile, parseProofFile, verifyProofFile, type ProofFile } from './proof-file.ts'

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

const entries = Array.from({ length: 7 }, (_, at) => Buffer.from(`entry ${at}`))
async function proofOf(index: number): Promise<ProofFile> {
  const frontier = new Frontier()
  const nodes = new Map<string, Buffer>()
  for (const entry of entries) {
    frontier.append(leafHash(entry), (level, root) =>
      nodes.set(`${level}/${Math.floor(frontier.size / 2 ** level)}`, root),
    )
  }
  const read = async ({ level, index: at }: { level: number; index: number }): Promise<Buffer> =>
    nodes.get(`${level}/${at}`)!
  const hashes = await readProof(inclusionSteps(index, entries.length), read)
  const checkpoint = sealCheckpoint({ size: entries.length, root: frontier.root() }, log)
  return { extra: index % 2 === 0 ? null : Buffer.from('context'), index, hashes, checkpoint }
}

test('a proof file round-trips and proves its entry and no other', async () => {
  const policy = policyOf(`log ${vkey(log)}`, 'quorum none')
  for (const [index, entry] of entries.entries()) {
    const bytes = formatProofFile(await proofOf(index))
    const reading = parseProofFile(bytes)
    assert.equal(reading.kind, 'ok')
    if (reading.kind !== 'ok') continue
    const { proof } = reading
    assert.deepEqual(formatProofFile(proof), bytes)
    assert.equal(verifyProofFile({ proof, entry, policy, latestS: 0 }).kind, 'accepted')
    const other = entries[(index + 1) % entries.length]!
    assert.equal(verifyProofFile({ proof, entry: other, policy, latestS: 0 }).kind, 'refused')
    const moved = { ...proof, index: (index + 1) % entries.length }
    assert.equal(verifyProofFile({ proof: moved, entry, policy, latestS: 0 }).kind, 'refused')
    const quorum = policyOf(`log ${vkey(log)}`, witnessLines[0]!, 'quorum W0')
    assert.equal(verifyProofFile({ proof, entry, policy: quorum, latestS: 0 }).kind, 'refused')
  }
})

test('a proof file with any bit flipped proves nothing, but for its unauthenticated extra line', async () => {
  const policy = policyOf(`log ${vkey(log)}`, 'quorum none')
  const proof = { ...(await proofOf(3)), extra: null }
  const bytes = formatProofFile(proof)
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7))
    const reading = parseProofFile(changed)
    if (reading.kind === 'refused') continue
    const found = verifyProofFile({ proof: reading.proof, entry: entries[3]!, policy, latestS: 0 })
    assert.equal(found.kind, 'refused', `bit ${bit}`)
  }
})

test('malformed proof files are refused', async () => {
  const good = formatProofFile({ ...(await proofOf(3)), extra: null }).toString()
  const hash = EMPTY_ROOT.toString('base64')
  for (const bad of [
    '',
    good.replace('@v1', '@v2'),
    good.replace('index 3', 'index 03'),
    good.replace('index 3', 'index -3'),
    good.replace('index 3', 'index  3'),
    good.replace('index 3\n', ''),
    good.replace('index 3', 'extra !!\nindex 3'),
    good.replace('index 3', 'index 3\nextra AAAA'),
    good.replace('index 3', 'index 3\nAAAA'),
    good.replace('index 3', `index 3\n${`${hash}\n`.repeat(63)}${hash}`),
    good.slice(0, good.indexOf('\n\n')),
    good.replaceAll('\n', '\r\n'),
  ])
    assert.equal(parseProofFile(Buffer.from(bad)).kind, 'refused', bad.slice(0, 60))
})
