import assert from 'node:assert/strict'
import { createHmac, createSign, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import {
  CompactEncrypt,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  UnsecuredJWT,
} from 'jose'
import { fullClaims, signed, signingKey } from '../../../test/harness/issuer.ts'
import type { SigningKey } from '../../../test/harness/issuer.ts'
import { outcome, ruleOf, trusting } from '../../../test/harness/trust.ts'
import type { Ask } from '../../../test/harness/trust.ts'

const ISSUER = 'https://issuer.example'

let key: SigningKey
let elliptic: SigningKey
let stranger: SigningKey
let ask: Ask
/** A server that a token could make us call; it must hear nothing. */
let fetched = 0
const trap = createServer((_request, response) => {
  fetched += 1
  response.end('{"keys":[]}')
})
let trapUrl = ''

before(async () => {
  key = await signingKey('RS256')
  elliptic = await signingKey('ES256')
  stranger = await signingKey('RS256')
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', () => resolve()))
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
  ask = trusting([
    ruleOf({
      issuer: ISSUER,
      jwks: JSON.stringify({ keys: [key.publicJwk, elliptic.publicJwk] }),
      audience: 'custody',
      claims: { tenant: 'acme' },
      owner: 'alice',
      lifetimeMaxMs: '1h',
    }),
  ])
})
after(() => {
  trap.close()
  assert.equal(fetched, 0, 'no token made us fetch anything')
})

const claimsWith = (more: object = {}): object => fullClaims(ISSUER, { tenant: 'acme', ...more })
const good = (more: object = {}, header: object = {}): Promise<string> =>
  signed(key, claimsWith(more), header)
const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const now = (): number => Math.floor(Date.now() / 1000)

/** Signs exactly these header bytes and payload bytes with the real key: only the form is at fault. */
async function raw(header: string, payload: string): Promise<string> {
  const input = `${part(header)}.${part(payload)}`
  const jwk = await exportJWK(key.privateKey)
  const pem = await importPem(jwk)
  const signature = createSign('RSA-SHA256').update(input).sign(pem, 'base64url')
  return `${input}.${signature}`
}

async function importPem(jwk: object): Promise<string> {
  const { createPrivateKey } = await import('node:crypto')
  return createPrivateKey({ key: { ...jwk }, format: 'jwk' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()
}

async function parts(): Promise<[string, string, string]> {
  const [head = '', payload = '', signature = ''] = (await good()).split('.')
  return [head, payload, signature]
}

async function hmacBy(secret: string | Buffer, header: object): Promise<string> {
  const input = `${part(header)}.${part(claimsWith())}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const NONES = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'nonE', '']

const attacks: readonly (readonly [string, () => string | Promise<string>])[] = [
  ...NONES.map((alg): readonly [string, () => Promise<string>] => [
    `alg "${alg}" with the signature of a good token`,
    async () => `${part({ alg, typ: 'JWT' })}.${part(claimsWith())}.${(await parts())[2]}`,
  ]),
  ['alg none with an empty signature', () => new UnsecuredJWT({ ...claimsWith() }).encode()],
  ['alg none and two parts', () => `${part({ alg: 'none' })}.${part(claimsWith())}`],
  [
    'alg missing',
    async () => `${part({ typ: 'JWT' })}.${part(claimsWith())}.${(await parts())[2]}`,
  ],
  ['alg a number', async () => `${part({ alg: 0 })}.${part(claimsWith())}.${(await parts())[2]}`],
  [
    'alg a list',
    async () => `${part({ alg: ['RS256'] })}.${part(claimsWith())}.${(await parts())[2]}`,
  ],
  ['signature removed', async () => `${(await parts()).slice(0, 2).join('.')}.`],
  ['signature removed with its dot', async () => (await parts()).slice(0, 2).join('.')],
  [
    'key confusion: HS256 with the public key in PEM as secret',
    async () => {
      const { createPublicKey } = await import('node:crypto')
      const pem = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      })
      return hmacBy(pem.toString(), { alg: 'HS256', kid: key.kid })
    },
  ],
  [
    'key confusion: HS256 with the public JWK as secret',
    () => hmacBy(JSON.stringify(key.publicJwk), { alg: 'HS256', kid: key.kid }),
  ],
  [
    'key confusion: HS256 with the modulus as secret',
    () => hmacBy(Buffer.from(key.publicJwk.n!, 'base64url'), { alg: 'HS256', kid: key.kid }),
  ],
  ['HS256 with a blank secret', () => hmacBy(Buffer.alloc(1), { alg: 'HS256' })],
  ['HS256 with the word secret', () => hmacBy('secret', { alg: 'HS256' })],
  ['HS512', () => hmacBy('secret', { alg: 'HS512', kid: key.kid })],
  [
    'lower-case rs256',
    () =>
      good({}, { alg: 'RS256' }).then((token) => rewritten(token, { alg: 'rs256', kid: key.kid })),
  ],
  [
    'an algorithm the rule does not name',
    async () => signed({ ...(await signingKey('PS256')), kid: key.kid }, claimsWith()),
  ],
  [
    'signed by a stranger under the good key id',
    () => signed({ ...stranger, kid: key.kid }, claimsWith()),
  ],
  ['signed by a stranger under an own key id', () => signed(stranger, claimsWith())],
  [
    'signed by a stranger who sends the key along (jwk)',
    () => signed(stranger, claimsWith(), { jwk: stranger.publicJwk }),
  ],
  ['a good signature and a jwk beside it', () => good({}, { jwk: key.publicJwk })],
  [
    'jku to a server of the attacker',
    () => signed(stranger, claimsWith(), { jku: `${trapUrl}/keys` }),
  ],
  ['a good signature and a jku', () => good({}, { jku: `${trapUrl}/keys` })],
  [
    'jku to the metadata service',
    () => signed(stranger, claimsWith(), { jku: 'http://169.254.169.254/keys' }),
  ],
  [
    'x5u to a server of the attacker',
    () => signed(stranger, claimsWith(), { x5u: `${trapUrl}/cert` }),
  ],
  [
    'x5c with a certificate of the attacker',
    () => signed(stranger, claimsWith(), { x5c: [randomBytes(64).toString('base64')] }),
  ],
  [
    'kid that leaves its folder',
    () => signed(stranger, claimsWith(), { kid: '../../../../dev/null' }),
  ],
  ['kid with SQL', () => signed(stranger, claimsWith(), { kid: "' union select 'key' -- " })],
  ['kid with a command', () => signed(stranger, claimsWith(), { kid: '|sleep 10' })],
  ['kid that is a URL', () => signed(stranger, claimsWith(), { kid: `${trapUrl}/keys` })],
  ['kid with a NUL', () => good({}, { kid: `${key.kid}\0` })],
  ['kid with a line feed', () => good({}, { kid: `${key.kid}\n` })],
  [
    'kid a number',
    () => raw(JSON.stringify({ alg: 'RS256', kid: 1 }), JSON.stringify(claimsWith())),
  ],
  [
    'kid an object',
    () => raw(JSON.stringify({ alg: 'RS256', kid: { a: 1 } }), JSON.stringify(claimsWith())),
  ],
  ['kid of 10,000 characters', () => good({}, { kid: 'k'.repeat(10_000) })],
  ['kid of a prototype', () => good({}, { kid: '__proto__' })],
  [
    'ES256 with a signature of zeros (CVE-2022-21449)',
    () =>
      `${part({ alg: 'ES256', kid: elliptic.kid })}.${part(claimsWith())}.${Buffer.alloc(64).toString('base64url')}`,
  ],
  [
    'ES256 with a DER signature',
    () =>
      `${part({ alg: 'ES256', kid: elliptic.kid })}.${part(claimsWith())}.${Buffer.from('3006020100020100', 'hex').toString('base64url')}`,
  ],
  [
    'ES256 under the key id of the RSA key',
    () => signed({ ...elliptic, kid: key.kid }, claimsWith()),
  ],
  [
    'RS256 under the key id of the EC key',
    () => signed({ ...key, kid: elliptic.kid }, claimsWith()),
  ],
  [
    'crit with an unknown extension',
    () =>
      raw(
        JSON.stringify({ alg: 'RS256', kid: key.kid, crit: ['x'], x: 1 }),
        JSON.stringify(claimsWith()),
      ),
  ],
  [
    'crit empty',
    () =>
      raw(JSON.stringify({ alg: 'RS256', kid: key.kid, crit: [] }), JSON.stringify(claimsWith())),
  ],
  [
    'b64 false (RFC 7797)',
    () =>
      raw(
        JSON.stringify({ alg: 'RS256', kid: key.kid, b64: false, crit: ['b64'] }),
        JSON.stringify(claimsWith()),
      ),
  ],
  ['b64 true', () => good({}, { b64: true, crit: ['b64'] })],
  ['typ of a logout token', () => good({}, { typ: 'logout+jwt' })],
  ['typ of a DPoP proof', () => good({}, { typ: 'dpop+jwt' })],
  ['typ of a security event', () => good({}, { typ: 'secevent+jwt' })],
  ['typ JWE', () => good({}, { typ: 'JWE' })],
  [
    'typ a list',
    () =>
      raw(
        JSON.stringify({ alg: 'RS256', kid: key.kid, typ: ['JWT'] }),
        JSON.stringify(claimsWith()),
      ),
  ],
  ['cty JWT (a nested token)', () => good({}, { cty: 'JWT' })],
  [
    'a token inside a token',
    async () => raw(JSON.stringify({ alg: 'RS256', kid: key.kid }), await good()),
  ],
  ['a JWE to our public key', async () => encrypted(JSON.stringify(claimsWith()))],
  ['a JWE that holds a good token', async () => encrypted(await good())],
  ['zip in the header', () => good({}, { zip: 'DEF' })],
  ['PBES2 with a million rounds (p2c)', () => good({}, { p2c: 1_000_000, p2s: 'AAAA' })],
  ['a payload of 20 KiB', () => good({ padding: 'x'.repeat(20_000) })],
  ['a header of 3 KiB', () => good({}, { padding: 'x'.repeat(3_000) })],
  [
    'JSON a hundred deep',
    () =>
      raw(
        JSON.stringify({ alg: 'RS256', kid: key.kid }),
        `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
      ),
  ],
  [
    'the issuer twice',
    () =>
      raw(
        JSON.stringify({ alg: 'RS256', kid: key.kid }),
        `{"iss":"https://evil.example",${JSON.stringify(claimsWith()).slice(1)}`,
      ),
  ],
  [
    'the algorithm twice',
    () => raw(`{"alg":"none","alg":"RS256","kid":"${key.kid}"}`, JSON.stringify(claimsWith())),
  ],
  [
    'the tenant twice, once escaped',
    () =>
      raw(
        JSON.stringify({ alg: 'RS256', kid: key.kid }),
        `{"t\\u0065nant":"evil",${JSON.stringify(claimsWith()).slice(1)}`,
      ),
  ],
  ['claims that are a list', () => raw(JSON.stringify({ alg: 'RS256', kid: key.kid }), '[1]')],
  ['claims that are not JSON', () => raw(JSON.stringify({ alg: 'RS256', kid: key.kid }), '{')],
  [
    'claims with bad UTF-8',
    async () =>
      `${(await parts())[0]}.${Buffer.from('7b2261223a22ff227d', 'hex').toString('base64url')}.${(await parts())[2]}`,
  ],
  [
    'a space inside the signature',
    async () => spoilt((text) => `${text.slice(0, 5)} ${text.slice(5)}`),
  ],
  [
    'a line feed inside the signature',
    async () => spoilt((text) => `${text.slice(0, 5)}\n${text.slice(5)}`),
  ],
  ['padding behind the signature', async () => spoilt((text) => `${text}==`)],
  ['the other base64 alphabet', async () => spoilt((text) => `${text.slice(0, -2)}+/`)],
  ['a signature with loose trailing bits', async () => spoilt(looseBits)],
  [
    'a payload that was changed',
    async () =>
      `${(await parts())[0]}.${part({ ...claimsWith(), sub: 'admin' })}.${(await parts())[2]}`,
  ],
  ['four parts', async () => `${await good()}.x`],
  ['a part in front', async () => `x.${await good()}`],
  ['another issuer', () => good({ iss: 'https://evil.example' })],
  ['the issuer with a slash more', () => good({ iss: `${ISSUER}/` })],
  ['the issuer in capitals', () => good({ iss: ISSUER.toUpperCase() })],
  ['the issuer as a list', () => good({ iss: [ISSUER] })],
  ['no issuer', () => good({ iss: undefined })],
  ['another audience', () => good({ aud: 'other' })],
  ['no audience', () => good({ aud: undefined })],
  ['an empty list of audiences', () => good({ aud: [] })],
  ['an audience that only begins like ours', () => good({ aud: 'custody.evil' })],
  [
    'two audiences, given to another client (azp)',
    () => good({ aud: ['custody', 'other'], azp: 'other-client' }),
  ],
  ['an audience that is an object', () => good({ aud: { 0: 'custody' } })],
  ['expired', () => good({ exp: now() - 120, iat: now() - 400 })],
  ['no expiry', () => good({ exp: undefined })],
  ['an expiry that is a text', () => good({ exp: '9999999999' })],
  ['an expiry beyond all time', () => good({ exp: 1e300 })],
  ['a negative expiry', () => good({ exp: -1 })],
  ['not yet valid', () => good({ nbf: now() + 300 })],
  ['made in the future', () => good({ iat: now() + 300 })],
  ['a life of a year', () => good({ exp: now() + 31_536_000 })],
  ['another tenant', () => good({ tenant: 'evil' })],
  ['no tenant', () => good({ tenant: undefined })],
  ['a tenant that only contains ours', () => good({ tenant: 'acme-evil' })],
  ['a tenant that is an object', () => good({ tenant: { acme: true } })],
  ['no subject for the principal', () => good({ sub: undefined })],
  ['a subject that is a number', () => good({ sub: 7 })],
]

function rewritten(token: string, header: object): string {
  const [, payload = '', signature = ''] = token.split('.')
  return `${part(header)}.${payload}.${signature}`
}

async function spoilt(change: (signature: string) => string): Promise<string> {
  const [head, payload, signature] = await parts()
  return `${head}.${payload}.${change(signature)}`
}

/** 256 bytes end in two characters of which the last has four bits that mean nothing. */
function looseBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(text.at(-1)!)
  return text.slice(0, -1) + alphabet.charAt((last & ~1) | (last & 1 ? 0 : 1))
}

async function encrypted(text: string): Promise<string> {
  const { publicKey } = await generateKeyPair('RSA-OAEP-256')
  assert.ok((await exportSPKI(publicKey)).length > 0)
  return new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: key.kid })
    .encrypt(publicKey)
}

test('the good token that every attack begins with is accepted', async () => {
  assert.equal(outcome(await ask(await good())), 'accepted')
  assert.equal(outcome(await ask(await signed(elliptic, claimsWith()))), 'accepted')
  const raws = await raw(
    JSON.stringify({ alg: 'RS256', kid: key.kid }),
    JSON.stringify(claimsWith()),
  )
  assert.equal(outcome(await ask(raws)), 'accepted')
  assert.ok(await importJWK({ ...key.publicJwk }, 'RS256'))
})

test('at least sixty attacks are known', () => {
  assert.ok(new Set(attacks.map(([name]) => name)).size >= 60, String(attacks.length))
})

for (const [name, make] of attacks) {
  test(`refused: ${name}`, async () => {
    const token = await make()
    const result = await ask(token)
    assert.notEqual(outcome(result), 'accepted')
    // What is said of it holds nothing of it.
    assert.ok(token.length < 20 || !JSON.stringify(result).includes(token.slice(0, 20)))
    // The second time it comes from memory and is refused as well.
    assert.notEqual(outcome(await ask(token)), 'accepted')
  })
}
