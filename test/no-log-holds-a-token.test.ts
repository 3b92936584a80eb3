import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startCliWith } from './harness/cli.ts'
import { chatCall } from './harness/data-plane.ts'
import { fullClaims, signed, signingKey } from './harness/issuer.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const ISSUER = 'https://issuer.acme.example'

test('what a gateway logs in full detail, and what it answers, holds no part of a token or key', async () => {
  using folder = temporaryFolder()
  const key = await signingKey()
  const rules = {
    ci: {
      issuer: ISSUER,
      jwks: JSON.stringify({ keys: [key.publicJwk] }),
      audience: 'custody',
      claims: { sub: 'some*' },
      owner: 'alice',
    },
  }
  const config = join(folder.path, 'custody.yaml')
  await writeFile(
    config,
    `listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nupstreams: { openai: { dialect: openai, baseUrl: 'http://127.0.0.1:9', allowPrivateAddresses: true, credential: '\${UPSTREAM_KEY}' } }\nlog: { level: debug, format: json }\ntrust: ${JSON.stringify({ rules })}\n`,
  )
  await using gateway = startCliWith(
    { HOME: folder.path, UPSTREAM_KEY: 'sk-upstream-0123456789abcdef' },
    'up',
    '--config',
    config,
    '--data',
    join(folder.path, 'data'),
  )
  await gateway.until('http://127.0.0.1')
  const jwt = async (claims: object, header: object = {}): Promise<string> =>
    signed(key, fullClaims(ISSUER, claims), header)
  const good = await jwt({})
  const [head = '', payload = '', signature = ''] = good.split('.')
  const tokens = [
    good,
    await jwt({ exp: 1000 }),
    await jwt({ aud: 'another' }),
    await jwt({ sub: 'nobody-known-here' }),
    await jwt({}, { typ: 'secevent+jwt' }),
    `${head}.${payload}.${signature.slice(0, -6)}AAAAAA`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    `cst_${'Z9'.repeat(30)}`,
    `cxt_${'Y8'.repeat(30)}`,
    `sk-ant-api03-${'X7'.repeat(30)}`,
  ]
  const said: string[] = []
  const { path, body } = chatCall('openai', false)
  const url = await proxyUrl(gateway.out)
  const send = async (
    target: string,
    headers: Record<string, string>,
    sent: string | URLSearchParams,
  ) => {
    const answer = await fetch(url + target, { method: 'POST', headers, body: sent })
    said.push(await answer.text(), JSON.stringify([...answer.headers]))
  }
  const json = { 'content-type': 'application/json' }
  for (const token of tokens) {
    await send(path, { ...json, authorization: `Bearer ${token}` }, body)
    await send(path, { ...json, 'x-api-key': token }, body)
    await send(`${path}?key=${token}`, json, body)
    await send(path, { ...json, authorization: `Basic ${token}` }, body)
    await send(path, { ...json, 'x-api-key': token, 'api-key': tokens[0] ?? '' }, body)
    for (const grant of ['jwt-bearer', 'saml2-bearer', 'token-exchange'])
      await send(
        '/oauth/token',
        {},
        new URLSearchParams({
          grant_type: `urn:ietf:params:oauth:grant-type:${grant}`,
          // Single use: what is given out is a secret that the answer must hold.
          assertion: token === good ? `${token}x` : token,
          subject_token: `${token}x`,
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        }),
      )
  }
  gateway.kill('SIGTERM')
  const { out, err } = await gateway.ended
  assert.match(out + err, /identity\.(?:untrusted|malformed)/)
  const everything = [out, err, ...said].join('\n')
  for (const [at, token] of tokens.entries()) {
    const parts = token.includes('.') ? token.split('.').slice(1) : [token.slice(4)]
    for (const part of parts.filter((one) => one.length >= 24))
      for (const piece of [part.slice(0, 24), part.slice(-24)])
        assert.ok(!everything.includes(piece), `token ${at} is written down: …${piece}`)
  }
})

async function proxyUrl(out: () => string): Promise<string> {
  const found = /(?:proxy|callers?|listen)[^\n]*?(http:\/\/127\.0\.0\.1:\d+)/i.exec(out())?.[1]
  const [first] = /http:\/\/127\.0\.0\.1:\d+/.exec(out()) ?? []
  return found ?? first ?? ''
}
