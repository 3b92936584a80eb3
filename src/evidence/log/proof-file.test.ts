import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealCheckpoint } from './checkpoint.ts'
import { EMPTY_ROOT, Frontier, leafHash } from './merkle.ts'
import { inclusionSteps, readProof } from './merkle-proof.ts'
import { formatNoteKey, noteSigner } from './note-key.ts'
import { parsePolicy, type Policy } from './policy.ts'
import { formatProofFile, parseProofFile, verifyProofFile, type ProofFile } from './proof-file.ts'

const log = noteSigner('example.com/log', 'note', Buffer.alloc(32, 1))!
const witness = noteSigner('w.example', 'cosignature', Buffer.alloc(32, 10))!
const LOG_LINE = `log ${formatNoteKey(log.key)}`
const policyOf = (...lines: string[]): Policy => {
  const reading = parsePolicy(Buffer.from(`${lines.join('\n')}\n`))
  return reading.kind === 'ok' ? reading.policy : assert.fail(reading.reason)
}

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
  const policy = policyOf(LOG_LINE, 'quorum none')
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
    const quorum = policyOf(LOG_LINE, `witness W ${formatNoteKey(witness.key)}`, 'quorum W')
    assert.equal(verifyProofFile({ proof, entry, policy: quorum, latestS: 0 }).kind, 'refused')
  }
})

test('a proof file with any bit flipped proves nothing, but for its unauthenticated extra line', async () => {
  const policy = policyOf(LOG_LINE, 'quorum none')
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
