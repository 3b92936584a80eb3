import assert from 'node:assert/strict'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { bundleOf, check, headOf } from '../../../test/harness/bundles.ts'
import {
  openTestEvidence,
  temporaryFolder as evidenceFolder,
} from '../../../test/harness/evidence.ts'
import { heartbeat, openTestLog, stillClock } from '../../../test/harness/log.ts'
import { exchange } from '../../../test/harness/tampering.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { readTimestamp } from './timestamp.ts'
import { startTimeStamper } from '../../../test/harness/time-stamper.ts'
import { nodeDisk } from '../disk.ts'
import { LogFolder } from '../log/log-folder.ts'
import { formatNoteKey, noteSigner } from '../log/note-key.ts'
import { parseNote } from '../log/note.ts'
import { startWitnessServer, type WitnessServer } from '../log/witness-http.ts'
import { Witness, witnessFolder } from '../log/witness-server.ts'
import type { LogKeys } from '../log/log-keys.ts'
import { WITNESSED } from '../record-proof.ts'
import { CheckpointPublisher, httpWitness, type PublisherOptions } from './publisher.ts'
import { fileReceiver, storeReceiver, webhookReceiver } from './receivers.ts'

interface Got {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

async function receiver(
  status = 200,
): Promise<AsyncDisposable & { readonly url: string; readonly got: Got[]; status: number }> {
  const got: Got[] = []
  const served = { url: '', got, status, [Symbol.asyncDispose]: async () => {} }
  const server = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const { method = '', url: path = '', headers } = request
      got.push({ method, path, headers, body: await buffer(request) })
      response.writeHead(served.status, { location: 'http://127.0.0.1:1/' }).end()
    }
    void take()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  served[Symbol.asyncDispose] = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return served
}

const keyOf = (number: number) =>
  noteSigner(`witness.example/${number}`, 'cosignature', Buffer.alloc(32, number))!

async function witnessFor(keys: LogKeys, folder: string, number: number): Promise<WitnessServer> {
  const witness = new Witness({
    signer: keyOf(number),
    logs: keys.verifiers,
    state: witnessFolder(nodeDisk, join(folder, `witness-${number}`)),
    clock: stillClock,
  })
  return startWitnessServer(witness, '127.0.0.1', 0, (error) => assert.fail(String(error)))
}

const named = (number: number, port: number) =>
  httpWitness(`w${number}`, formatNoteKey(keyOf(number).key), `http://127.0.0.1:${port}/at`)

function publisherOf(
  folder: string,
  writer: PublisherOptions['writer'],
  options: Partial<PublisherOptions>,
  failures: string[] = [],
): CheckpointPublisher {
  return new CheckpointPublisher({
    writer,
    store: new LogFolder(nodeDisk, join(folder, 'log')),
    clock: stillClock,
    everyMs: 3_600_000,
    witnesses: [],
    quorum: 1,
    receivers: [],
    timestampUrl: null,
    onFailure: (who, reason) => failures.push(`${who}: ${reason}`),
    ...options,
  })
}

test('a checkpoint reaches witnesses, a file, a webhook, an object store and an authority', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  await using one = await witnessFor(keys, folder.path, 1)
  await using two = await witnessFor(keys, folder.path, 2)
  await using hook = await receiver()
  await using bucket = await receiver()
  await using authority = await startTimeStamper()
  const file = join(folder.path, 'checkpoints')
  await using publisher = publisherOf(folder.path, log, {
    witnesses: [named(1, one.port), named(2, two.port)],
    quorum: 2,
    receivers: [
      fileReceiver(file),
      webhookReceiver(`${hook.url}/in`, 'Bearer secret'),
      storeReceiver({
        endpoint: bucket.url,
        region: 'eu-central-1',
        bucket: 'evidence',
        prefix: 'gw1/',
        accessKeyId: 'AKID',
        secretAccessKey: 'sesame',
      }),
    ],
    timestampUrl: authority.url,
  })
  for (let round = 1; round <= 3; round += 1) {
    for (let count = 0; count < 100; count += 1) log.append(heartbeat)
    await log.flush()
    await publisher.publish()
  }
  await publisher.publish()
  assert.ok(publisher.status.every(({ size, failure }) => size === 300 && failure === ''))
  const witnessed = await readFile(join(folder.path, 'log', WITNESSED))
  const reading = parseNote(witnessed)
  assert.ok(reading.kind === 'ok')
  assert.equal(reading.note.signatures.length, 3)
  assert.equal((await readFile(file)).toString().split('\n\n\n').length, 1)
  assert.ok((await readFile(file)).includes(witnessed))
  assert.deepEqual(
    hook.got.map(({ headers }) => [headers['custody-log-size'], headers['authorization']]),
    [
      ['100', 'Bearer secret'],
      ['200', 'Bearer secret'],
      ['300', 'Bearer secret'],
    ],
  )
  assert.deepEqual(hook.got[2]?.body, witnessed)
  assert.equal(bucket.got.length, 3)
  assert.equal(bucket.got[2]?.method, 'PUT')
  assert.equal(bucket.got[2]?.path, '/evidence/gw1/checkpoint-0000000000000300')
  assert.match(
    String(bucket.got[2]?.headers['authorization']),
    /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=.*, Signature=[0-9a-f]{64}$/,
  )
  const store = new LogFolder(nodeDisk, join(folder.path, 'log'))
  assert.equal((await store.list('stamps')).length, 6)
})

test('a checkpoint that a crash left without its time stamp is dated by the next run', async () => {
  using folder = temporaryFolder()
  const { writer } = await openTestLog(folder.path)
  await using log = writer
  await using authority = await startTimeStamper()
  const store = new LogFolder(nodeDisk, join(folder.path, 'log'))
  log.append(heartbeat)
  await log.flush()
  const note = log.checkpoint
  await store.write('stamps/1.checkpoint', note)
  log.append(heartbeat)
  await log.flush()
  await using publisher = publisherOf(folder.path, log, { timestampUrl: authority.url })
  await publisher.publish()
  assert.deepEqual((await store.list('stamps')).toSorted(), [
    '1.checkpoint',
    '1.tsr',
    '2.checkpoint',
    '2.tsr',
  ])
  const token = await store.read('stamps/1.tsr')
  assert.equal((await readTimestamp(token!, note)).kind, 'ok')
})

test('too few witnesses do not make a witnessed checkpoint, and who failed is asked again', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  await using one = await witnessFor(keys, folder.path, 1)
  await using hook = await receiver(500)
  const failures: string[] = []
  await using publisher = publisherOf(
    folder.path,
    log,
    {
      witnesses: [named(1, one.port), named(2, 1)],
      quorum: 2,
      receivers: [webhookReceiver(hook.url, null)],
    },
    failures,
  )
  log.append(heartbeat)
  await log.flush()
  await publisher.publish()
  await publisher.publish()
  assert.equal(await nodeDisk.exists(join(folder.path, 'log', WITNESSED)), false)
  assert.equal(failures.length, 2)
  assert.deepEqual(
    publisher.status.map(({ name, failure }) => [
      name === hook.url ? 'hook' : name,
      failure !== '',
    ]),
    [
      ['w1', false],
      ['w2', true],
      ['hook', true],
    ],
  )
  hook.status = 302
  await publisher.publish()
  assert.equal(hook.got.length, 3, 'a redirect is not followed')
  hook.status = 204
  await publisher.publish()
  assert.equal(publisher.status.at(-1)?.failure, '')
})

test('a witness that has seen more than the log shows is an alarm', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  await using one = await witnessFor(keys, folder.path, 1)
  log.append(heartbeat)
  await log.flush()
  {
    await using publisher = publisherOf(folder.path, log, { witnesses: [named(1, one.port)] })
    await publisher.publish()
  }
  const short = {
    head: { size: 1, root: log.head.root },
    checkpoint: log.checkpoint,
    tiles: log.tiles,
  }
  for (let count = 0; count < 5; count += 1) log.append(heartbeat)
  await log.flush()
  {
    await using publisher = publisherOf(folder.path, log, { witnesses: [named(1, one.port)] })
    await publisher.publish()
    assert.equal(publisher.status[0]?.size, 6)
  }
  const failures: string[] = []
  const witnesses = [named(1, one.port)]
  await using publisher = publisherOf(folder.path, log, { writer: short, witnesses }, failures)
  await publisher.publish()
  assert.equal(failures.length, 1)
  assert.match(
    failures[0] ?? '',
    /^w1: it has signed 6 leaves, this log has 1: the log was cut back/,
  )
})

test('a witness over HTTP takes only small posts to its one place', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  await using one = await witnessFor(keys, folder.path, 1)
  assert.ok(log.head.size === 0)
  const at = `http://127.0.0.1:${one.port}`
  const ask = async (path: string, init: RequestInit): Promise<number> =>
    (await fetch(`${at}${path}`, init)).status
  assert.equal(await ask('/', { method: 'POST', body: 'x' }), 404)
  assert.equal(await ask('/add-checkpoint', {}), 405)
  assert.equal(await ask('/add-checkpoint', { method: 'POST', body: 'x' }), 400)
  const big = { method: 'POST', body: 'x'.repeat(200_000) }
  assert.equal(await ask('/add-checkpoint', big).catch(() => 413), 413)
})

test('a bundle stands under a checkpoint that witnesses signed when it was made, and a policy that asks for them says so', async () => {
  await using folder = await evidenceFolder()
  await using opened = await openTestEvidence(folder.path)
  const { log } = opened.evidence
  await using one = await witnessFor(log.keys, folder.path, 1)
  await using publisher = publisherOf(folder.path, log.writer, { witnesses: [named(1, one.port)] })
  const id = await exchange(opened, 1)
  const witness = { kind: 'witness', name: 'w1', key: keyOf(1).key, url: null } as const
  const policy = { logs: [], witnesses: [witness], quorum: witness }
  const latestS = Math.floor(Date.now() / 1000) + 60
  const problemsOf = async (bytes: Buffer) =>
    (await check(opened, bytes, { policy, latestS })).problems
  const alone = await bundleOf(opened, headOf([id]))
  assert.deepEqual(await problemsOf(alone), [
    'log/checkpoint: too few witnesses cosigned the checkpoint',
  ])
  assert.deepEqual((await check(opened, alone)).problems, [])
  const signed = await bundleOf(opened, headOf([id]), () => publisher.cosign())
  assert.deepEqual(await problemsOf(signed), [])
  // What is logged later is not under what they signed: then the log's own checkpoint is taken.
  const later = await exchange(opened, 2)
  assert.equal((await problemsOf(await bundleOf(opened, headOf([later])))).length, 1)
})

test('what witnesses signed and the disk does not take is said once, ends nothing, and is tried again', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  await using one = await witnessFor(keys, folder.path, 1)
  const failures: string[] = []
  const witnesses = [named(1, one.port)]
  await using publisher = publisherOf(folder.path, log, { witnesses }, failures)
  const kept = join(folder.path, 'log', WITNESSED)
  await mkdir(join(kept, 'in the way'), { recursive: true })
  await log.durable(log.append(heartbeat))
  await publisher.publish()
  await publisher.publish()
  await publisher.cosign()
  assert.equal(failures.length, 1)
  assert.match(failures[0]!, /^checkpoint\.witnessed: /)
  await rm(kept, { recursive: true })
  await publisher.publish()
  assert.equal(parseNote(await readFile(kept)).kind, 'ok')
})

test('a folder among the files gets a file of checkpoints in it', async () => {
  using folder = temporaryFolder()
  const note = Buffer.from('note\n')
  const { take } = fileReceiver(folder.path)
  await take(1, note)
  await take(2, note)
  assert.equal(await readFile(join(folder.path, 'checkpoints'), 'utf8'), 'note\n\nnote\n\n')
})
