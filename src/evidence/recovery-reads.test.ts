import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type TestEvidence,
} from '../../test/harness/evidence.ts'
import { systemClock } from '../lib/clock.ts'
import type { ExchangeId } from '../lib/ids.ts'
import { openStore } from '../store/store.ts'
import { nodeDisk, type Disk } from './disk.ts'
import { openEvidence } from './open-evidence.ts'

const SEGMENT_BYTES = 64 * 1024
const EXCHANGES = 200

interface Crashed {
  /** Streams that were open when the gateway died: one from the beginning on, one from the middle, one from the end. */
  readonly open: readonly ExchangeId[]
  readonly pieces: readonly (readonly string[])[]
}

/** Leaves the folder as a crash does, with streams that were open over many segments. */
async function crashIn(folder: string, evidence: TestEvidence['evidence']): Promise<Crashed> {
  const open: ExchangeId[] = []
  const pieces: string[][] = []
  const streams: {
    readonly push: (piece: string) => Promise<void>
    readonly end: () => Promise<void>
  }[] = []
  const begin = async (): Promise<void> => {
    const facts = openingFacts()
    const mine: string[] = []
    const recording = await evidence.recorder.open({ facts, body: { kind: 'none' } })
    const headers = [['content-type', 'text/plain']] as const
    recording.answerHead({ status: 200, headers }, 'upstream', performance.now())
    open.push(facts.id)
    pieces.push(mine)
    streams.push({
      push: async (piece) => {
        mine.push(piece)
        recording.answerChunk(Buffer.from(piece), performance.now())
        await recording.durable()
      },
      end: () => recording.close(closingFacts()),
    })
  }
  for (let n = 0; n < EXCHANGES; n += 1) {
    if (n === 0 || n === EXCHANGES / 2 || n === EXCHANGES - 1) await begin()
    const { bytes, spans } = chatBody([{ role: 'user', text: randomBytes(8_000).toString('hex') }])
    const body = wholeBody(bytes, spans)
    const recording = await evidence.recorder.open({ facts: openingFacts(), body })
    await recording.close(closingFacts())
    if (n % 20 === 19) for (const stream of streams) await stream.push(`piece ${n} `)
  }
  await evidence.flush()
  await evidence.log.flush()
  await cp(folder, `${folder}-crashed`, {
    recursive: true,
    filter: (path) => !path.endsWith('folder.lock'),
  })
  for (const stream of streams) await stream.end()
  return { open, pieces }
}

/** Longer reads are those of a scan; headers, and frames whose place is known, are read by themselves. */
const SINGLE_READ_MAX = 8192

function countingDisk(): { readonly disk: Disk; readonly read: () => number } {
  let read = 0
  const openRead: Disk['openRead'] = async (path) => {
    const file = await nodeDisk.openRead(path)
    return {
      write: (bytes, position) => file.write(bytes, position),
      writeDurably: (bytes, position) => file.writeDurably(bytes, position),
      fdatasync: () => file.fdatasync(),
      truncate: (length) => file.truncate(length),
      size: () => file.size(),
      close: () => file.close(),
      read: async (position, length) => {
        const bytes = await file.read(position, length)
        if (path.endsWith('.seg') && length > SINGLE_READ_MAX) read += bytes.length
        return bytes
      },
    }
  }
  return { disk: { ...nodeDisk, openRead }, read: () => read }
}

async function notesIn(folder: string): Promise<readonly string[]> {
  const [instance = ''] = await readdir(join(folder, 'segments'))
  const names = await readdir(join(folder, 'segments', instance))
  return names
    .filter((name) => name.startsWith('open-frames'))
    .map((name) => join(folder, 'segments', instance, name))
}

const NOTES: Readonly<Record<string, (path: string) => Promise<void>>> = {
  whole: async () => {},
  missing: (path) => rm(path),
  'cut short': async (path) => writeFile(path, (await readFile(path)).subarray(0, -40)),
  'written by somebody without the key': async (path) => {
    const [, text = ''] = (await readFile(path, 'utf8')).split('\n')
    const { place, exchanges } = JSON.parse(text) as { place: object; exchanges: object }
    const less = Object.entries(exchanges).map(([id, frames]) => [id, frames.slice(0, -1)])
    const forged = JSON.stringify({ place, exchanges: Object.fromEntries(less) })
    await writeFile(path, `${hash('sha256', forged, 'hex')}\n${forged}`)
  },
  changed: async (path) => {
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace(/"offset":\d/, '"offset":x'))
  },
}

test('after a crash the segments before the last note are not read, and every open stream is closed with all it had', async (t) => {
  await using folder = await temporaryFolder()
  const home = join(folder.path, 'home')
  let crashed: Crashed
  {
    await using to = await openTestEvidence(home, { limits: { segmentBytesMax: SEGMENT_BYTES } })
    crashed = await crashIn(home, to.evidence)
  }
  assert.deepEqual(await notesIn(home), [], 'a gateway that stopped leaves no note')
  const read = new Map<string, number>()
  for (const [name, change] of Object.entries(NOTES)) {
    await t.test(`the note is ${name}`, async () => {
      const copy = join(folder.path, `copy-${name.replaceAll(' ', '-')}`)
      await cp(`${home}-crashed`, copy, { recursive: true })
      const notes = await notesIn(copy)
      assert.equal(notes.length, 1)
      await change(notes[0] ?? '')
      const counting = countingDisk()
      await using store = await openStore({ kind: 'sqlite', folder: copy })
      await using evidence = await openEvidence({
        folder: copy,
        index: store.index,
        clock: systemClock,
        disk: counting.disk,
        limits: { freeBytesMin: 0 },
      })
      read.set(name, counting.read())
      assert.equal(evidence.recovered.closed, 3)
      assert.deepEqual(await notesIn(copy), [])
      for (const [n, id] of crashed.open.entries()) {
        const found = await evidence.reader.readExchange(id)
        assert.ok(found !== null)
        assert.deepEqual([found.row.state, found.problems], ['interrupted', []])
        assert.equal(
          Buffer.concat(found.answerChunks.map(({ bytes }) => bytes)).toString(),
          crashed.pieces[n]?.join(''),
        )
      }
    })
  }
  const whole = read.get('missing') ?? 0
  assert.ok(whole > EXCHANGES * 8_000, `${whole} bytes`)
  // The segment that was being written, for each of the passes that recovery makes.
  assert.ok((read.get('whole') ?? whole) < 8 * SEGMENT_BYTES, JSON.stringify([...read]))
  assert.ok((read.get('cut short') ?? 0) >= whole * 0.9)
  assert.ok((read.get('changed') ?? 0) >= whole * 0.9)
  assert.ok((read.get('written by somebody without the key') ?? 0) >= whole * 0.9)
})
