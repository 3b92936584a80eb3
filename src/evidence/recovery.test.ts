import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
} from '../../test/harness/evidence.ts'
import { unsyncedDisk } from '../../test/harness/faulty-disk.ts'
import { systemClock } from '../lib/clock.ts'
import { openStore } from '../store/store.ts'
import { nodeDisk } from './disk.ts'
import { openLocalKeyProvider } from './key-provider.ts'
import { EvidenceReader } from './reader.ts'
import { recoverFolder } from './recovery.ts'
import { scanSegments } from './segment-scan.ts'

/** Where each frame of the only segment starts and ends. */
async function framesOf(folder: string) {
  const frames: {
    readonly type: string
    readonly offset: number
    readonly end: number
    readonly starts: boolean
  }[] = []
  for await (const found of scanSegments(nodeDisk, folder)) {
    if (found.kind !== 'frame') continue
    const { offset } = found.address
    const { type, length, startsGroup } = found.head
    frames.push({ type, offset, end: offset + length, starts: startsGroup })
  }
  return frames
}

async function segmentPathOf(folder: string): Promise<string> {
  const [instance] = await readdir(join(folder, 'segments'))
  const [segment] = await readdir(join(folder, 'segments', instance!))
  return join(folder, 'segments', instance!, segment!)
}

/** A copy of the folder as a crash would leave it, without the index. */
async function copyOf(from: string, to: string): Promise<void> {
  await cp(join(from, 'segments'), join(to, 'segments'), { recursive: true })
  await cp(join(from, 'keys'), join(to, 'keys'), { recursive: true })
}

async function recover(folder: string) {
  const store = await openStore({ kind: 'sqlite', folder })
  const provider = await openLocalKeyProvider(join(folder, 'keys'))
  const options = { folder, disk: nodeDisk, index: store.index, provider, clock: systemClock }
  const recovered = await recoverFolder(options)
  const reader = new EvidenceReader({ folder, index: store.index, keyProvider: provider })
  return { store, recovered, reader, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() }
}

test('a crash at any byte of the last group loses only what was not acknowledged', async () => {
  await using folder = await temporaryFolder()
  const first = openingFacts()
  const second = openingFacts()
  {
    await using opened = await openTestEvidence(folder.path)
    const { recorder } = opened.evidence
    const body = chatBody([{ role: 'user', text: 'hello' }])
    const recording = await recorder.open({ facts: first, body: wholeBody(body.bytes, body.spans) })
    recording.answerChunk(Buffer.from('answer one'), performance.now())
    await recording.close(closingFacts({ answerBytes: 10 }))
    const next = chatBody([{ role: 'user', text: 'again' }])
    const late = await recorder.open({ facts: second, body: wholeBody(next.bytes, next.spans) })
    late.answerChunk(Buffer.from('half an ans'), performance.now())
    await late.durable()
    // The last group is one frame: the second answer piece.
    late.answerChunk(Buffer.from('wer'), performance.now())
    await late.durable()
    await copyOf(folder.path, join(folder.path, 'crashed'))
    await late.close(closingFacts({ answerBytes: 14 }))
  }
  const crashed = join(folder.path, 'crashed')
  const frames = await framesOf(crashed)
  const last = frames.at(-1)
  assert.equal(last?.type, 'answer')
  assert.equal(last?.starts, true)
  const path = await segmentPathOf(crashed)
  const whole = await readFile(path)
  const provider = await openLocalKeyProvider(join(crashed, 'keys'))
  await using store = await openStore({ kind: 'sqlite', folder: crashed })
  const options = {
    folder: crashed,
    disk: unsyncedDisk,
    index: store.index,
    provider,
    clock: systemClock,
  }
  for (let cut = last.offset; cut <= last.end; cut += 1) {
    await store.index.clear()
    for (const name of await readdir(dirname(path))) await rm(join(dirname(path), name))
    // Written ahead are zeros, so a torn group is a prefix with zeros behind it; a file can also end early.
    const zeros = cut % 2 === 0 ? whole.length - cut : 0
    await writeFile(path, Buffer.concat([whole.subarray(0, cut), Buffer.alloc(zeros)]))
    const recovered = await recoverFolder(options)
    // A new one each time: readers keep the keys of segments, and here each round writes segment 2 again.
    const reader = new EvidenceReader({
      folder: crashed,
      index: store.index,
      keyProvider: provider,
    })
    const one = await reader.readExchange(first.id)
    assert.equal(one?.row.state, 'complete')
    assert.deepEqual(one?.problems, [])
    const two = await reader.readExchange(second.id)
    assert.equal(two?.row.state, 'interrupted')
    assert.equal(two?.row.outcome, 'crashed')
    assert.deepEqual(two?.problems, [])
    const answer = Buffer.concat(two?.answerChunks.map((chunk) => chunk.bytes) ?? []).toString()
    assert.equal(answer, cut === last.end ? 'half an answer' : 'half an ans')
    assert.equal(two?.row.answerBytes, answer.length)
    const isTorn: boolean = cut > last.offset && cut < last.end
    assert.equal(recovered.tornBytes > 0, isTorn, `cut at ${cut - last.offset}`)
    const events = await store.index.events(10)
    const event = events.find((row) => row.event.type === 'gateway.recovered')
    assert.equal(event?.event.details['tornBytes'], recovered.tornBytes)
  }
})

test('recovering twice changes nothing the second time', async () => {
  await using folder = await temporaryFolder()
  const facts = openingFacts()
  await using copy = await temporaryFolder()
  {
    await using opened = await openTestEvidence(folder.path)
    const recording = await opened.evidence.recorder.open({ facts, body: { kind: 'none' } })
    await copyOf(folder.path, copy.path)
    await recording.close(closingFacts())
  }
  {
    await using once = await recover(copy.path)
    assert.equal(once.recovered.closed, 1)
  }
  await using twice = await recover(copy.path)
  assert.deepEqual(
    { ...twice.recovered, durationMs: 0 },
    { instances: 0, closed: 0, tornBytes: 0, damaged: 0, durationMs: 0 },
  )
})

test('a clean stop leaves nothing to recover and no zeros in the file', async () => {
  await using folder = await temporaryFolder()
  {
    await using opened = await openTestEvidence(folder.path)
    const recording = await opened.evidence.recorder.open({
      facts: openingFacts(),
      body: { kind: 'none' },
    })
    await recording.close(closingFacts())
  }
  const frames = await framesOf(folder.path)
  const bytes = await readFile(await segmentPathOf(folder.path))
  assert.equal(bytes.length, frames.at(-1)?.end)
  await using after = await recover(folder.path)
  assert.equal(after.recovered.instances, 0)
  const types = (await after.store.index.events(10)).map((row) => row.event.type)
  assert.deepEqual(types.toSorted(), ['gateway.started', 'gateway.stopped'])
})

test('damage before the last group is reported, and what follows it is kept', async () => {
  await using folder = await temporaryFolder()
  const ids = [openingFacts(), openingFacts(), openingFacts()]
  await using copy = await temporaryFolder()
  {
    await using opened = await openTestEvidence(folder.path)
    for (const facts of ids) {
      const recording = await opened.evidence.recorder.open({ facts, body: { kind: 'none' } })
      await recording.close(closingFacts())
    }
    await copyOf(folder.path, copy.path)
  }
  const frames = await framesOf(copy.path)
  const target = frames.filter((frame) => frame.type === 'opening')[1]!
  const path = await segmentPathOf(copy.path)
  for (const at of [target.offset + 2, target.offset + 20, target.offset + 100]) {
    const bytes = await readFile(path)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(path, bytes)
    await using store = await openStore({ kind: 'sqlite', folder: join(copy.path, `index-${at}`) })
    const provider = await openLocalKeyProvider(join(copy.path, 'keys'))
    const recovered = await recoverFolder({
      folder: copy.path,
      disk: nodeDisk,
      index: store.index,
      provider,
      clock: systemClock,
    })
    assert.ok(recovered.damaged >= 1)
    assert.equal(recovered.tornBytes, 0)
    assert.equal((await store.index.exchange(ids[0]!.id))?.state, 'complete')
    assert.equal((await store.index.exchange(ids[2]!.id))?.state, 'complete')
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(path, bytes)
  }
})
