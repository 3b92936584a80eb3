/** Measures what it costs to authenticate a token that was verified before, and one that was not. */
import { generateKeyPair, exportJWK, SignJWT } from 'jose'
import { trustRuleSchema } from '../src/config/schema-trust.ts'
import { trustRule } from '../src/config/trust-rule.ts'
import { createJwtAuthenticator } from '../src/identity/jwt/jwt-authenticator.ts'
import { createTrustBook } from '../src/identity/jwt/trust-book.ts'
import { systemClock } from '../src/lib/clock.ts'

const TOKENS = 200
const ROUNDS = 100

export interface TokenCost {
  readonly firstMicros: number
  /** Of a token that was verified before. */
  readonly cachedMicros: number
}

export async function tokenCost(): Promise<TokenCost> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const written = trustRuleSchema.parse({
    preset: 'github-actions',
    issuer: 'https://issuer.example',
    jwks: JSON.stringify({ keys: [jwk] }),
    audience: 'custody',
    claims: { repository_owner_id: '65', repository: 'acme/*' },
    owner: 'alice',
  })
  const trust = { rules: [trustRule('bench', written, true).rule], allowPrivateIssuers: false }
  const book = createTrustBook({
    table: {
      insert: async () => false,
      list: async () => [],
      update: async () => 'not-found',
      remove: async () => false,
      version: () => 1,
    },
    terms: { list: async () => [] },
    config: () => trust,
    clock: systemClock,
    onUnreadable: () => {},
  })
  const { authenticate } = createJwtAuthenticator({ book, clock: systemClock })
  const now = Math.floor(Date.now() / 1000)
  const tokens = await Promise.all(
    Array.from({ length: TOKENS }, (_, run) =>
      new SignJWT({
        iss: 'https://issuer.example',
        aud: 'custody',
        sub: 'repo:acme/shop:ref:refs/heads/main',
        iat: now,
        exp: now + 3600,
        repository: 'acme/shop',
        repository_owner_id: '65',
        workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
        ref: 'refs/heads/main',
        sha: '4f5d0c2f9a'.repeat(4),
        actor: 'mallory',
        run_id: String(run),
        run_attempt: '1',
      })
        .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT' })
        .sign(privateKey),
    ),
  )

  // The first call of all reads the rules.
  await authenticate(tokens[0] ?? '')
  let accepted = 0
  const count = (result: { readonly kind: string } | null): void => {
    if (result?.kind === 'principal') accepted += 1
  }
  const firstAt = performance.now()
  for (const token of tokens) count(await authenticate(token))
  const first = ((performance.now() - firstAt) * 1000) / TOKENS
  const cachedAt = performance.now()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const token of tokens) {
      const result = authenticate(token)
      if (result instanceof Promise) throw new Error('a cached token was verified again')
      count(result)
    }
  }
  const cached = ((performance.now() - cachedAt) * 1000) / (TOKENS * ROUNDS)
  if (accepted !== TOKENS * (ROUNDS + 1)) throw new Error('a good token was refused')
  return { firstMicros: first, cachedMicros: cached }
}

if (import.meta.main) {
  const { firstMicros, cachedMicros } = await tokenCost()
  console.log(`RS256, first time  ${firstMicros.toFixed(1)} us`)
  console.log(`RS256, cached      ${cachedMicros.toFixed(2)} us (budget 20)`)
  if (cachedMicros > 20) process.exitCode = 1
}
