// Checks an unpacked evidence bundle with nothing but Node and openssl; no code of Custody. See export.md.
//
//   node verify-bundle.mjs <folder> <log key>
//
// The log key (name+id+base64) comes from the gateway's operator or your own records, not from the bundle.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const [folder, trusted] = process.argv.slice(2)
if (!folder || !trusted) throw new Error('usage: node verify-bundle.mjs <folder> <log key>')

const problems = []
const check = (holds, what) => holds || problems.push(what)
const sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const hex = (...parts) => sha256(...parts).toString('hex')
const read = (path) => readFileSync(join(folder, path))
const has = (path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true

// --- signed notes: text, an empty line, one line for each signature ---------------------------------------------------------
const splitNote = (bytes) => {
  const note = bytes.toString('utf8')
  const end = note.lastIndexOf('\n\n')
  const lines = note.slice(end + 2).split('\n').filter(Boolean)
  return { text: note.slice(0, end + 1), signatures: lines.map((line) => line.split(' ')) }
}

const work = mkdtempSync(join(tmpdir(), 'verify-bundle-'))
/** Whether openssl takes a signature on the note for one by this key. */
function isSignedBy(note, key) {
  const [name, id, base64] = [key.split('+')[0], key.split('+')[1], key.split('+').slice(2).join('+')]
  for (const [, signer, encoded] of note.signatures) {
    const bytes = Buffer.from(encoded ?? '', 'base64')
    if (signer !== name || bytes.toString('hex', 0, 4) !== id) continue
    const publicKey = Buffer.from(base64, 'base64').subarray(1)
    writeFileSync(join(work, 'key'), Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]))
    writeFileSync(join(work, 'text'), note.text)
    writeFileSync(join(work, 'sig'), bytes.subarray(4))
    const args = 'pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile sig'.split(' ')
    const ran = spawnSync('openssl', args, { cwd: work })
    if (ran.error) throw ran.error
    if (ran.status === 0) return true
  }
  return false
}

// --- which keys: the trusted one, and those that it handed over to -----------------------------------------------------------
const keys = [trusted]
for (let n = 1; has(`log/rotation.${n}`); n += 1) {
  const note = splitNote(read(`log/rotation.${n}`))
  const [kind, , from, to] = note.text.split('\n')
  const holds =
    kind === 'custody log key rotation v1' && isSignedBy(note, from) && isSignedBy(note, to)
  check(holds, `log/rotation.${n} is not signed by both keys`)
  if (holds && keys.includes(from)) keys.push(to)
}

// --- the manifest, and every file -----------------------------------------------------------------------------------------------
const manifest = JSON.parse(read('manifest.json'))
const seal = splitNote(read('manifest.sig'))
check(keys.some((key) => isSignedBy(seal, key)), 'manifest.sig: no trusted key signed it')
check(
  seal.text === `custody bundle v1\n${manifest.id}\nsha256 ${hex(read('manifest.json'))}\n`,
  'manifest.sig is of another manifest',
)
const listed = new Map(manifest.files.map((file) => [file.path, file]))
for (const { path, bytes, sha256: digest } of manifest.files)
  check(has(path) && read(path).length === bytes && hex(read(path)) === digest, `${path} is not the file that was signed`)
const present = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
for (const path of present)
  check(listed.has(path) || path === 'manifest.json' || path === 'manifest.sig', `${path} is not in the manifest`)

// --- the log: every leaf stands under the one signed checkpoint (RFC 6962, 2.1.1) --------------------------------------------
const checkpoint = has('log/checkpoint') ? splitNote(read('log/checkpoint')) : null
if (checkpoint) check(keys.some((key) => isSignedBy(checkpoint, key)), 'log/checkpoint: no trusted key signed it')
const [, sizeText, rootText] = checkpoint?.text.split('\n') ?? []
const node = (left, right) => sha256(Buffer.from([1]), left, right)

function rootFrom(leaf, index, size, path) {
  let [at, last, hash] = [index, size - 1, sha256(Buffer.from([0]), leaf)]
  for (const sibling of path) {
    if (last === 0) return null
    if (at % 2 === 1 || at === last) {
      hash = node(sibling, hash)
      while (at % 2 === 0 && at > 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
    } else hash = node(hash, sibling)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 ? hash : null
}

function checkLeaf(path) {
  const name = path.slice(0, -'.leaf'.length)
  const entry = read(path)
  const leaf = JSON.parse(entry)
  const [head, note] = read(`${name}.tlog-proof`).toString('utf8').split(/\n\n([^]*)/)
  const lines = head.split('\n').filter((line) => !line.startsWith('extra '))
  const index = Number(lines[1]?.split(' ')[1])
  const hashes = lines.slice(2).map((line) => Buffer.from(line, 'base64'))
  const root = rootFrom(entry, index, Number(sizeText), hashes)
  check(lines[0] === 'c2sp.org/tlog-proof@v1' && leaf.seq === index, `${name}: the proof is of another leaf`)
  check(splitNote(Buffer.from(note ?? '')).text === checkpoint?.text, `${name}: the proof is under another checkpoint`)
  check(root?.toString('base64') === rootText, `${name}: the log does not have this leaf`)
  // What the leaf commits to: the plain payload of the exchange or event, where the bundle has it.
  const payload = name.startsWith('custody/')
    ? `${name}.payload`
    : name.replace(/opened$/, 'opening.payload').replace(/closed$/, 'closing.payload')
  if (!listed.has(payload)) return
  const plain = read(payload)
  check(hex(plain) === leaf.pt, `${payload} is not what the log committed to`)
  if (name.startsWith('custody/')) return
  const facts = JSON.parse(plain.toString('utf8', 4, 4 + plain.readUInt32LE(0)))
  const at = name.slice(0, name.lastIndexOf('/'))
  if (name.endsWith('opened') && facts.body?.kind === 'whole')
    check(hex(read(`${at}/request.bin`)) === facts.body.sha256, `${at}/request.bin is not what was recorded`)
  if (name.endsWith('closed') && listed.has(`${at}/answer.bin`))
    check(hex(read(`${at}/answer.bin`)) === facts.answer.sha256, `${at}/answer.bin is not what was recorded`)
}

let leaves = 0
for (const path of listed.keys()) {
  if (!path.endsWith('.leaf')) continue
  leaves += 1
  try {
    checkLeaf(path)
  } catch (error) {
    problems.push(`${path}: it, or what belongs to it, cannot be read: ${error.message}`)
  }
}

rmSync(work, { recursive: true })
for (const { exchange, state, why } of manifest.items) console.log(`${state}  ${exchange}${why && `  ${why}`}`)
for (const problem of problems) console.error(`problem: ${problem}`)
console.log(`${manifest.files.length} files and ${leaves} leaves checked: ${problems.length === 0 ? 'all holds' : `${problems.length} problems`}`)
process.exitCode = problems.length === 0 ? 0 : 1
