import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { test } from 'node:test'
import { startObjectStore } from '../../../test/harness/object-store.ts'
import { closedRow } from '../../../test/store/samples.ts'
import { s3Sender } from './s3-sender.ts'
import { eventsOfExchange } from './sink-event.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const EVENTS = [...eventsOfExchange(closedRow(1)), ...eventsOfExchange(closedRow(2))]
const never = new AbortController().signal

const senderTo = (url: string, secret = SECRET) =>
  s3Sender(
    {
      kind: 's3',
      name: 's3-lake',
      endpoint: url,
      region: 'eu-central-1',
      bucket: 'llm-events',
      prefix: 'custody/',
      accessKeyId: 'AKID',
      secretAccessKey: { reveal: () => secret },
      format: 'ocsf',
    },
    '1.2.3',
  )

test('a batch is one signed object of gzipped lines, and the same object when it is sent again', async () => {
  await using store = await startObjectStore('AKID', SECRET)
  const sender = senderTo(store.url)
  store.failing = 503
  assert.deepEqual(await sender.send(EVENTS, never), { kind: 'failed', reason: 'status 503' })
  store.failing = null
  for (let times = 0; times < 2; times += 1)
    assert.deepEqual(await sender.send(EVENTS, never), { kind: 'delivered' })
  assert.equal(store.objects.size, 1)
  const [path, body] = [...store.objects][0]!
  assert.match(path, /^\/llm-events\/custody\/\d{4}\/\d\d\/\d\d\/\d\d\/ex_\S+-2\.jsonl\.gz$/)
  const lines = gunzipSync(body).toString('utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).metadata.uid),
    EVENTS.map(({ id }) => id),
  )
})

test('a store that does not know the key is tried again and nothing is thrown away', async () => {
  await using store = await startObjectStore('AKID', SECRET)
  const wrong = await senderTo(store.url, 'another').send(EVENTS, never)
  assert.deepEqual(wrong, { kind: 'failed', reason: 'status 403' })
  assert.equal(store.objects.size, 0)
})
