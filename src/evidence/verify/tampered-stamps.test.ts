import assert from 'node:assert/strict'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  openTestEvidence,
  temporaryFolder,
  type TemporaryFolder,
} from '../../../test/harness/evidence.ts'
import { recordChat } from '../../../test/harness/erasing.ts'
import { logKeysOf } from '../../../test/harness/leaf-coverage.ts'
import { Tampered } from '../../../test/harness/tampering.ts'
import { startTimeStamper, type TimeStamper } from '../../../test/harness/time-stamper.ts'
import { nodeDisk } from '../disk.ts'
import { peekCheckpoint, sealCheckpoint } from '../log/checkpoint.ts'
import { noteSigner } from '../log/note-key.ts'
import { requestTimestamp } from '../publish/timestamp.ts'
import { readAuthorities } from '../publish/trusted-stamper.ts'
import { verifyFolder, type FolderReport } from './verify-folder.ts'

let base: TemporaryFolder
/** A folder with two checkpoints that the authority dated. */
let stamped: Tampered
let authority: TimeStamper
let known: Buffer
let last: Buffer

before(async () => {
  base = await temporaryFolder()
  authority = await startTimeStamper()
  stamped = new Tampered(join(base.path, 'stamped'))
  {
    await using opened = await openTestEvidence(stamped.folder)
    const { log } = opened.evidence
    await recordChat(opened.evidence, [{ role: 'user', text: 'first' }])
    await log.flush()
    known = log.writer.checkpoint
    await recordChat(opened.evidence, [{ role: 'user', text: 'second' }])
    await log.flush()
    last = log.writer.checkpoint
  }
  for (const note of [known, last]) await stampBy(stamped, authority, note)
})
after(async () => {
  await authority[Symbol.asyncDispose]()
  await base[Symbol.asyncDispose]()
})

interface Kind {
  readonly name: string
  readonly tamper: (folder: Tampered) => Promise<void>
  readonly problem: string
  /** The verifier names the authority. */
  readonly trusts?: true
}

const sizeOf = (note: Buffer): number => peekCheckpoint(note)!.size
const flip = (at: number) => (bytes: Buffer) => {
  bytes[bytes.length + at]! ^= 0x10
}

async function verify(folder: string, trusts: boolean): Promise<FolderReport> {
  return verifyFolder({
    disk: nodeDisk,
    folder,
    policy: null,
    known: [],
    authorities: trusts ? readAuthorities(authority.pem) : null,
    provider: null,
    nowS: Math.floor(Date.now() / 1000),
  })
}

const stampPath = (folder: Tampered, name: string): string =>
  join(folder.folder, 'log', 'stamps', name)
const newest = (kind: string): string => `${sizeOf(last)}.${kind}`

const KINDS: readonly Kind[] = [
  {
    name: "a bit of a time stamp's signature flipped",
    tamper: (folder) => folder.change(stampPath(folder, newest('tsr')), flip(-5)),
    problem: 'timestamp-refused',
  },
  {
    name: 'a time stamp removed',
    tamper: (folder) => rm(stampPath(folder, newest('tsr'))),
    problem: 'timestamp-missing',
  },
  {
    name: 'the checkpoint that a time stamp dates removed',
    tamper: (folder) => rm(stampPath(folder, newest('checkpoint'))),
    problem: 'timestamp-refused',
  },
  {
    name: 'the time stamp of another checkpoint put in place',
    tamper: (folder) =>
      copyFile(stampPath(folder, `${sizeOf(known)}.tsr`), stampPath(folder, newest('tsr'))),
    problem: 'timestamp-refused',
  },
  {
    name: 'a time stamp and its checkpoint under the name of another',
    tamper: async (folder) => {
      for (const kind of ['tsr', 'checkpoint'])
        await copyFile(
          stampPath(folder, `${sizeOf(known)}.${kind}`),
          stampPath(folder, newest(kind)),
        )
    },
    problem: 'timestamp-refused',
  },
  {
    name: 'a checkpoint that was never in the log, dated rightly',
    tamper: async (folder) => {
      const root = Buffer.alloc(32, 7)
      const own = noteSigner(
        (await logKeysOf(stamped.folder))[0]!.name,
        'note',
        Buffer.alloc(32, 66),
      )!
      await stampBy(folder, authority, sealCheckpoint({ size: sizeOf(last), root }, own))
    },
    problem: 'known-refused',
  },
  {
    name: 'a time stamp from before the newest leaf that it dates',
    tamper: async (folder) => {
      authority.lie.laterMs = -3_000_000
      await stampBy(folder, authority, last).finally(() => {
        authority.lie.laterMs = 0
      })
    },
    problem: 'timestamp-refused',
  },
  {
    name: 'a time stamp made by a stranger, for a verifier who knows the authority',
    tamper: async (folder) => {
      await using stranger = await startTimeStamper()
      await stampBy(folder, stranger, last)
    },
    problem: 'timestamp-refused',
    trusts: true,
  },
  {
    name: 'every time stamp removed, for a verifier who knows the authority',
    tamper: (folder) => rm(join(folder.folder, 'log', 'stamps'), { recursive: true }),
    problem: 'timestamp-missing',
    trusts: true,
  },
]

async function stampBy(folder: Tampered, { url }: TimeStamper, note: Buffer): Promise<void> {
  await mkdir(join(folder.folder, 'log', 'stamps'), { recursive: true })
  const size = sizeOf(note)
  await writeFile(stampPath(folder, `${size}.checkpoint`), note)
  await writeFile(stampPath(folder, `${size}.tsr`), await requestTimestamp(url, note))
}

test('time stamps that nobody touched hold, for whoever knows the authority and for whoever does not', async () => {
  for (const trusts of [true, false]) {
    const report = await verify(stamped.folder, trusts)
    assert.deepEqual([report.problems, report.timestamps], [[], 2])
  }
  assert.throws(() => readAuthorities('no certificate'))
})

test('each kind of tampering with time stamps is found and named', async (t) => {
  for (const [at, { name, tamper, problem, trusts = false }] of KINDS.entries())
    await t.test(name, async () => {
      const folder = await Tampered.copy(stamped.folder, join(base.path, `copy-${at}`))
      await tamper(folder)
      const report = await verify(folder.folder, trusts)
      const named = new Set(report.problems.map(({ kind }) => kind as string))
      assert.ok(named.has(problem), `named ${[...named].join(', ')}`)
      assert.equal(report.holds, false)
    })
})
