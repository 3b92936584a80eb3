import assert from 'node:assert/strict'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readsExactly, recordChat } from '../../../test/harness/erasing.ts'
import { temporaryFolder, type TemporaryFolder } from '../../../test/harness/evidence.ts'
import { failRotations, openTestKeyring } from '../../../test/harness/rotation-faults.ts'
import { nodeDisk } from '../disk.ts'
import { openLocalKeyProvider } from '../key-provider.ts'
import { openCheckpoint, sealCheckpoint } from '../log/checkpoint.ts'
import { LogFolder } from '../log/log-folder.ts'
import { LogKeys, readLogOrigin } from '../log/log-keys.ts'
import { formatNote, signText } from '../log/note.ts'
import {
  formatNoteKey,
  keyIdText,
  noteSigner,
  parseNoteKey,
  type NoteKey,
  type NoteSigner,
} from '../log/note-key.ts'
import { TileReader } from '../log/tile-reader.ts'
import { listInstances, planInstance } from '../segment-scan.ts'
import { verifyFolder, type FolderReport } from '../verify/verify-folder.ts'
import { segmentKeysPath } from './segment-keys.ts'

let base: TemporaryFolder
let rotated = ''
/** Keys of the log, oldest first. */
let keys: readonly NoteKey[] = []
const turn = (text: string) => [{ role: 'user' as const, text: `${text} ${'so on '.repeat(30)}` }]

before(async () => {
  base = await temporaryFolder()
  rotated = join(base.path, 'rotated')
  await using opened = await openTestKeyring(rotated)
  const { evidence, rotation } = opened
  const old = await recordChat(evidence, turn('before'))
  const first = await rotation.status()
  assert.equal(first.leaving, null)
  assert.equal((await rotation.retire('ada')).kind, 'refused')
  assert.equal((await rotation.rewrap('ada')).kind, 'refused')
  assert.equal((await rotation.turnBack('ada')).kind, 'refused')
  await rotation.prepare('ada')
  assert.equal((await rotation.prepare('ada')).kind, 'refused')
  assert.equal((await rotation.retire('ada')).kind, 'refused')
  const between = await recordChat(evidence, turn('between'))
  assert.equal((await rotation.rewrap('ada')).kind, 'done')
  assert.equal((await rotation.retire('ada')).kind, 'done')
  const later = await recordChat(evidence, turn('later'))
  await evidence.flush()
  for (const chat of [old, between, later]) await readsExactly(evidence, chat)
  const status = await rotation.status()
  assert.deepEqual(status.retired, [first.active])
  assert.equal(status.segmentsLeft, 0)
  await evidence.log.writer.rotateKey()
  await evidence.log.flush()
  assert.equal(
    await evidence.log.writer.revokeKey(keyIdText(evidence.log.keys.verifiers[0]!)),
    'revoked',
  )
  keys = evidence.log.keys.verifiers
})
after(() => base[Symbol.asyncDispose]())

async function verify(
  folder: string,
  trusted: readonly NoteKey[] | null = null,
  known: readonly Buffer[] = [],
): Promise<FolderReport> {
  return verifyFolder({
    disk: nodeDisk,
    folder,
    policy:
      trusted === null
        ? null
        : { logs: trusted.map((key) => ({ key, url: null })), witnesses: [], quorum: null },
    known,
    provider: await openLocalKeyProvider(join(folder, 'keys')),
    nowS: Math.floor(Date.now() / 1000),
  })
}

async function copy(name: string): Promise<string> {
  const folder = join(base.path, name)
  await cp(rotated, folder, { recursive: true })
  return folder
}

/** The key that handed over and was revoked, in the hands of somebody else. */
async function oldSigner(folder: string): Promise<NoteSigner> {
  const keysFolder = join(folder, 'keys')
  const file = join(keysFolder, 'log-key.json')
  const stored = JSON.parse(await readFile(file, 'utf8')) as { active: number }
  await writeFile(file, JSON.stringify({ ...stored, active: 0 }))
  const old = await LogKeys.open({
    disk: nodeDisk,
    folder: keysFolder,
    provider: await openLocalKeyProvider(keysFolder),
    origin: await readLogOrigin(nodeDisk, keysFolder),
  })
  await writeFile(file, JSON.stringify(stored))
  return old.signer
}

/** A checkpoint over the first `size` leaves, by the key that was revoked. */
async function byOldKey(folder: string, size: number): Promise<Buffer> {
  const signer = await oldSigner(folder)
  const reader = new TileReader(new LogFolder(nodeDisk, join(folder, 'log')), size)
  return sealCheckpoint({ size, root: await reader.root() }, signer)
}

const sizeOf = async (folder: string): Promise<number> => {
  const opened = openCheckpoint(await readFile(join(folder, 'log', 'checkpoint')), keys)
  assert.ok(opened.kind === 'ok')
  return opened.checkpoint.size
}

test('what was recorded before a rotation opens after it, and everything is verified', async () => {
  const report = await verify(rotated)
  assert.deepEqual(report.problems, [])
  for (const kind of ['keyring.prepared', 'keyring.rewrapped', 'keyring.retired'] as const)
    assert.equal(report.leaves.get(kind), 1, kind)
  assert.ok((report.leaves.get('segment.rewrapped') ?? 0) >= 1)
  assert.equal(report.leaves.get('log-key.revoked'), 1)
  // Frames and headers were not written again: the old root key still stands in the header.
  const [instance] = await listInstances(nodeDisk, rotated)
  const plan = await planInstance(nodeDisk, rotated, instance!)
  assert.ok(plan.segments[0]?.header.provider !== plan.segments.at(-1)?.header.provider)
})

test('a verifier who trusts either key of the log follows it to the other', async () => {
  for (const key of keys) assert.deepEqual((await verify(rotated, [key])).problems, [])
})

test('a rotation can be turned back as long as the old root key is there', async () => {
  const folder = join(base.path, 'back')
  await using opened = await openTestKeyring(folder)
  const { evidence, rotation } = opened
  const chat = await recordChat(evidence, turn('one'))
  const { active } = await rotation.status()
  await rotation.prepare('ada')
  await rotation.rewrap('ada')
  assert.equal((await rotation.turnBack('ada')).kind, 'done')
  assert.equal((await rotation.status()).active, active)
  assert.equal((await rotation.retire('ada')).kind, 'refused')
  assert.equal((await rotation.rewrap('ada')).kind, 'done')
  assert.equal((await rotation.retire('ada')).kind, 'done')
  await readsExactly(evidence, chat)
  await evidence.log.flush()
  assert.deepEqual((await verify(folder)).problems, [])
})

const TAMPERING: readonly {
  readonly name: string
  readonly tamper: (folder: string) => Promise<void>
  readonly problem: string
}[] = [
  {
    name: 'a file with rewrapped keys altered',
    tamper: async (folder) => {
      const path = await keysFileOf(folder)
      const bytes = await readFile(path)
      bytes[bytes.length - 12]! ^= 1
      await writeFile(path, bytes)
    },
    problem: 'keys-file-altered',
  },
  {
    name: 'a file with rewrapped keys removed',
    tamper: async (folder) => rm(await keysFileOf(folder)),
    problem: 'keys-file-missing',
  },
  {
    name: 'the note of a rotation removed',
    tamper: (folder) => rm(join(folder, 'log', 'rotation.1')),
    problem: 'rotation-missing',
  },
  {
    name: 'a note in which an old key hands over to a thief',
    tamper: async (folder) => {
      const old = await oldSigner(folder)
      const thief = noteSigner(old.key.name, 'note', Buffer.alloc(32, 66))!
      const text = `custody log key rotation v1\n${old.key.name}\n${formatNoteKey(old.key)}\n${formatNoteKey(thief.key)}\n`
      const note = formatNote({
        text,
        signatures: [signText(text, old, 0), signText(text, thief, 0)],
      })
      await writeFile(join(folder, 'log', `rotation.${keys.length}`), note)
    },
    problem: 'key-note-without-leaf',
  },
  {
    name: 'the note of a revocation removed',
    tamper: (folder) => rm(join(folder, 'log', 'revocation.1')),
    problem: 'revocation-missing',
  },
  {
    name: 'the note of a revocation altered',
    tamper: async (folder) => {
      const path = join(folder, 'log', 'revocation.1')
      await writeFile(
        path,
        (await readFile(path, 'utf8')).replace('revocation v1', 'revocation v2'),
      )
    },
    problem: 'revocation-refused',
  },
  {
    name: 'a checkpoint by a key that was revoked',
    tamper: async (folder) => {
      const note = await byOldKey(folder, await sizeOf(folder))
      await writeFile(join(folder, 'log', 'checkpoint'), note)
    },
    problem: 'revoked-key-used',
  },
  {
    name: 'a checkpoint by a key that had handed over, and the revocation removed',
    tamper: async (folder) => {
      const note = await byOldKey(folder, await sizeOf(folder))
      await writeFile(join(folder, 'log', 'checkpoint'), note)
      await rm(join(folder, 'log', 'revocation.1'))
    },
    problem: 'retired-key-used',
  },
]

async function keysFileOf(folder: string): Promise<string> {
  const [instance] = await listInstances(nodeDisk, folder)
  return segmentKeysPath(folder, { instance: instance!, segment: 1 })
}

test('each kind of tampering with keys is found and named', async (t) => {
  for (const [at, { name, tamper, problem }] of TAMPERING.entries())
    await t.test(name, async () => {
      const folder = await copy(`copy-${at}`)
      await tamper(folder)
      const report = await verify(folder, keys)
      const named = report.problems.map(({ kind }) => kind)
      assert.ok((named as string[]).includes(problem), `named ${named.join(', ')}`)
    })
})

test('who trusts the newest key alone does not take an older one for it', async () => {
  const folder = await copy('newest')
  const note = await byOldKey(folder, await sizeOf(folder))
  await writeFile(join(folder, 'log', 'checkpoint'), note)
  const report = await verify(folder, [keys.at(-1)!])
  assert.deepEqual(
    report.problems.map(({ kind }) => kind).filter((kind) => kind.startsWith('checkpoint')),
    ['checkpoint-refused'],
  )
  assert.equal(parseNoteKey(report.keys[0]!)?.publicBytes.equals(keys.at(-1)!.publicBytes), true)
})

test('file calls of a rotation fail once: nothing becomes unreadable, and it can be finished', async () => {
  assert.ok((await failRotations(61)) > 3)
})
