/** An OpenID issuer of a test's own on loopback: signs what it is told to, serves discovery and keys, can rotate and fail. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CryptoKey, JWK } from 'jose'

export interface SigningKey {
  readonly alg: string
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export interface TestIssuer extends AsyncDisposable {
  readonly url: string
  /** The key that signs now. */
  readonly key: () => SigningKey
  readonly sign: (claims: object, header?: object) => Promise<string>
  /** A new key signs; with `keepOld` the one before stays published. */
  readonly rotate: (keepOld?: boolean) => Promise<void>
  readonly fail: (isFailing: boolean) => void
  /** Requests for keys so far. */
  readonly keyRequests: () => number
  readonly jwks: () => { readonly keys: readonly JWK[] }
}

let made = 0

export async function signingKey(alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  made += 1
  const kid = `key ${made}`
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  return { alg, kid, privateKey, publicJwk }
}

/** Claims that every token needs; those given win. */
export function fullClaims(issuer: string, claims: object): object {
  const now = Math.floor(Date.now() / 1000)
  return { iss: issuer, aud: 'custody', sub: 'someone', iat: now, exp: now + 300, ...claims }
}

export function signed(key: SigningKey, claims: object, header: object = {}): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey)
}

export async function startIssuer(alg = 'RS256'): Promise<TestIssuer> {
  let key = await signingKey(alg)
  let published: readonly JWK[] = [key.publicJwk]
  let isFailing = false
  let keyRequests = 0
  const server = createServer((request, response) => {
    if (isFailing) {
      response.writeHead(503).end()
      return
    }
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }))
    } else if (request.url === '/keys') {
      keyRequests += 1
      response.end(JSON.stringify({ keys: published }))
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    key: () => key,
    sign: (claims, header) => signed(key, fullClaims(url, claims), header),
    rotate: async (keepOld = false) => {
      const before = key
      key = await signingKey(alg)
      published = keepOld ? [before.publicJwk, key.publicJwk] : [key.publicJwk]
    },
    fail: (value) => {
      isFailing = value
    },
    keyRequests: () => keyRequests,
    jwks: () => ({ keys: published }),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
