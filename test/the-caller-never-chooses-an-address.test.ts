import assert from 'node:assert/strict'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { after, before, mock, test } from 'node:test'
import { loadConfig } from '../src/config/load.ts'
import { temporaryFolder } from './harness/evidence.ts'
import { startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { talk } from './harness/raw-http.ts'
import type { RawAnswer } from './harness/raw-http.ts'
import { answer, scriptedUpstream } from './harness/scripted-upstream.ts'
import type { ScriptedUpstream } from './harness/scripted-upstream.ts'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const CRLF = '\r\n'

let upstream: ScriptedUpstream
/** Where nothing may ever arrive. */
let elsewhere: ScriptedUpstream
let gateway: DataPlane

before(async () => {
  const ok = answer('200 OK', { 'content-type': 'application/json' }, '{}')
  upstream = await scriptedUpstream((socket) => socket.write(ok))
  elsewhere = await scriptedUpstream((socket) => socket.write(ok))
  gateway = await startDataPlane(upstream.url)
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await elsewhere[Symbol.asyncDispose]()
})

async function ask(
  port: number,
  key: string,
  line: string,
  ...headers: string[]
): Promise<RawAnswer | null> {
  const talked = await talk(
    port,
    [
      line,
      ...(headers.some((one) => /^host:/i.test(one)) ? [] : ['Host: gateway.test']),
      `x-api-key: ${key}`,
      ...headers,
      '',
      '',
    ].join(CRLF),
  )
  return talked.answers[0] ?? null
}

test('no form of the target, no header and no path leads a request to another address', async () => {
  const there = `127.0.0.1:${elsewhere.port}`
  const get = 'GET /openai/v1/models HTTP/1.1'
  const tries: readonly (readonly string[])[] = [
    [`GET http://${there}/openai/v1/models HTTP/1.1`],
    [`GET http://${there}/openai/v1/models HTTP/1.1`, `Host: ${there}`],
    [`GET //${there}/openai/v1/models HTTP/1.1`],
    [`GET /openai//${there}/v1/models HTTP/1.1`],
    [`GET /openai/@${there}/v1/models HTTP/1.1`],
    [`GET /openai/v1@${there}/models HTTP/1.1`],
    [`GET /openai/http://${there}/ HTTP/1.1`],
    [`GET /openai/v1/models/%2f%2f${there} HTTP/1.1`],
    [`GET /openai/..%2f..%2f${there}/ HTTP/1.1`],
    [`GET /openai\\@${there}/v1/models HTTP/1.1`],
    [`GET /${there}/v1/models HTTP/1.1`],
    [`GET /openai.${there}/v1/models HTTP/1.1`],
    [`GET /openai:80@${there}/v1/models HTTP/1.1`],
    [`GET /openai?@${there}/v1/models HTTP/1.1`],
    [`GET /openai#@${there}/v1/models HTTP/1.1`],
    [`GET /bedrock/${there}/model/m/converse HTTP/1.1`],
    [`GET /bedrock/us-east-1.internal.test/model/m/converse HTTP/1.1`],
    [`GET /bedrock/us-east-1@${there}/model/m/converse HTTP/1.1`],
    [`CONNECT ${there} HTTP/1.1`],
    [get, `Host: ${there}`],
    [get, `X-Forwarded-Host: ${there}`],
    [get, `X-Host: ${there}`],
    [get, `Forwarded: host=${there}`],
    [get, `X-Original-URL: http://${there}/`],
    [get, `X-Rewrite-URL: http://${there}/`],
    [get, `Destination: http://${there}/`],
    [get, `x-portkey-custom-host: http://${there}`],
    [get, `x-custody-upstream: http://${there}`],
    [get, `helicone-target-url: http://${there}`],
    [get, `Referer: http://${there}/`],
    [`GET /openai/v1/models?base_url=http://${there}&url=http://${there} HTTP/1.1`],
  ]
  for (const [line = '', ...headers] of tries) {
    const from = upstream.seen.length
    await ask(gateway.port, gateway.key, line, ...headers)
    for (const { head } of upstream.seen.slice(from)) {
      assert.match(
        head,
        new RegExp(
          `^\\w+ /(?!/)[^ ]* HTTP/1\\.1\r\nhost: 127\\.0\\.0\\.1:${upstream.port}\r\n`,
          'i',
        ),
      )
      assert.ok(
        !new RegExp(`^(?:x-forwarded|forwarded|x-host|x-original|x-rewrite)`, 'im').test(head),
        head,
      )
    }
  }
  assert.equal(elsewhere.connections(), 0)
  assert.equal(elsewhere.seen.length, 0)
})

const LITERALS = [
  '169.254.169.254',
  '169.254.169.254.',
  '2852039166',
  '0xa9fea9fe',
  '0xa9.0xfe.0xa9.0xfe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.16689662',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[::ffff:0:a9fe:a9fe]',
  '[::169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[2002:a9fe:a9fe::]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '100.100.100.200',
  '168.63.129.16',
  '169.254.170.2',
  '169.254.0.1',
  '0.0.0.0',
  '0',
  '[::]',
  '\uff11\uff16\uff19.254.169.254',
  '169\u3002254\u3002169\u3002254',
  '\u2460\u2465\u2468.254.169.254',
  '%31%36%39.254.169.254',
]

test('a base URL that names a metadata or link-local address is refused in every spelling, when it is loaded', async () => {
  await using home = await temporaryFolder()
  const file = join(home.path, 'custody.yaml')
  for (const literal of LITERALS) {
    await writeFile(
      file,
      `upstreams:\n  openai: { dialect: openai, baseUrl: 'http://${literal}/v1', allowPrivateAddresses: true }\n`,
    )
    const loaded = loadConfig({ env: {}, flags: { data: join(home.path, 'data'), config: file } })
    assert.equal(loaded.kind, 'problems', literal)
  }
})

test('a name that resolves to a refused address is refused at the moment of the call, every time', async () => {
  const resolved: Record<string, string> = {
    'metadata.test': '169.254.169.254',
    'mapped.test': '::ffff:169.254.169.254',
    'inward.test': '127.0.0.1',
    'unspecified.test': '0.0.0.0',
  }
  const system = dns.lookup
  const fake = (
    host: string,
    options: dns.LookupAllOptions,
    callback: (...result: unknown[]) => void,
  ) => {
    const address = resolved[host]
    if (address === undefined) system(host, options, callback)
    else callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])
  }
  const mocked = mock.method(dns, 'lookup', fake)
  syncBuiltinESMExports()
  try {
    const names = Object.keys(resolved)
    const lines = names.map(
      (name) =>
        `  ${name.split('.')[0]}: { dialect: openai, baseUrl: 'http://${name}:${elsewhere.port}' }`,
    )
    await using one = await startDataPlane('', { upstreams: `upstreams:\n${lines.join('\n')}\n` })
    for (const name of [...names, ...names]) {
      const refused = await ask(one.port, one.key, `GET /${name.split('.')[0]}/v1/models HTTP/1.1`)
      assert.equal(refused?.status, 502, name)
      assert.equal(JSON.parse(refused.body.toString()).error.code, 'upstream.address-refused')
      const record = await one.recorded(refused.headers.get('x-custody-exchange')![0]!)
      assert.deepEqual(
        [record.closing?.outcome, record.closing?.upstreamAddress],
        ['gateway-error', null],
      )
    }
    assert.ok(mocked.mock.callCount() >= names.length)
    assert.equal(elsewhere.connections(), 0)
  } finally {
    mocked.mock.restore()
    syncBuiltinESMExports()
  }
})

test('a redirect is passed to the caller and never followed', async () => {
  await using redirecting = await scriptedUpstream((socket) =>
    socket.write(
      answer('307 Temporary Redirect', {
        location: `http://127.0.0.1:${elsewhere.port}/openai/v1/models`,
      }),
    ),
  )
  await using two = await startDataPlane(redirecting.url)
  const passed = await ask(two.port, two.key, 'GET /openai/v1/models HTTP/1.1')
  assert.deepEqual(
    [passed?.status, passed?.headers.get('location')],
    [307, [`http://127.0.0.1:${elsewhere.port}/openai/v1/models`]],
  )
  assert.equal(elsewhere.connections(), 0)
})

test('the address of a resumable upload leads back through the gateway, and one that cannot is not passed on', async () => {
  let address = ''
  await using naming = await scriptedUpstream((socket) =>
    socket.write(answer('200 OK', { 'x-goog-upload-url': address, 'x-other': address }, '{}')),
  )
  await using two = await startDataPlane(naming.url)
  const path = '/upload/v1beta/files?upload_id=a%20b&upload_protocol=resumable'
  const given = async (
    named: string,
    ...headers: string[]
  ): Promise<readonly string[] | undefined> => {
    address = named
    const line = 'GET /t/desk/gemini/upload/v1beta/files?x=/upload/ HTTP/1.1'
    const passed = await ask(two.port, two.key, line, 'Host: gw.test:81', ...headers)
    assert.deepEqual(passed?.headers.get('x-other'), [named])
    return passed?.headers.get('x-goog-upload-url')
  }
  const back = `//gw.test:81/t/desk/gemini${path}`
  assert.deepEqual(await given(naming.url + path), [`http:${back}`])
  assert.deepEqual(await given(`${naming.url}/base${path}`), [`http:${back}`])
  assert.deepEqual(await given(naming.url + path, 'X-Forwarded-Proto: https'), [`https:${back}`])
  for (const other of [elsewhere.url + path, `${naming.url}/files`, path, 'nonsense'])
    assert.equal(await given(other), undefined, other)
})
