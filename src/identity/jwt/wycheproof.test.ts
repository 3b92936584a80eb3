import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { vectorFolder } from '../../../test/harness/vectors.ts'
import { systemClock } from '../../lib/clock.ts'
import { createKeySet } from './key-set.ts'
import { readSigned } from './strict-token.ts'
import { hasSignature } from './verify-token.ts'

interface Group {
  readonly comment: string
  readonly public?: object
  readonly private: object
  readonly tests: readonly {
    readonly tcId: number
    readonly comment: string
    readonly jws: unknown
    readonly result: string
  }[]
}

const folder = vectorFolder('jose')

async function isAccepted(jws: string, key: object): Promise<boolean> {
  const reading = readSigned(jws)
  if (reading.kind === 'flawed') return false
  const { alg, kid } = reading.header
  const keys = createKeySet({
    issuer: 'https://issuer.example',
    source: { kind: 'fixed', jwks: JSON.stringify({ keys: [key] }) },
    fetchJson: assert.fail,
    clock: systemClock,
  })
  return hasSignature(jws, alg, await keys.find(alg, kid))
}

test(
  'of the Wycheproof signatures no invalid one is accepted, and valid ones of public keys are',
  {
    skip: folder === null,
  },
  async () => {
    const file = join(folder ?? '', 'json_web_signature_test.json')
    const { testGroups }: { testGroups: readonly Group[] } = JSON.parse(readFileSync(file, 'utf8'))
    let refused = 0
    const accepted: string[] = []
    for (const group of testGroups) {
      const valid = new Set(
        group.tests.filter((one) => one.result === 'valid').map((one) => one.jws),
      )
      for (const { tcId, comment, jws, result } of group.tests) {
        const text = typeof jws === 'string' ? jws : JSON.stringify(jws)
        let isGood: boolean
        try {
          isGood = await isAccepted(text, group.public ?? group.private)
        } catch {
          // A set without a public key is no key set.
          isGood = false
        }
        // Two vectors are called invalid and are to the letter what another one calls valid.
        if (result === 'invalid' && !valid.has(jws)) {
          assert.equal(isGood, false, `${group.comment} ${tcId} ${comment}`)
          refused += 1
        }
        if (result === 'valid' && isGood) accepted.push(`${group.comment} ${tcId}`)
      }
    }
    assert.ok(refused >= 350, String(refused))
    assert.ok(accepted.length >= 20, accepted.join(', '))
  },
)

test('of the Wycheproof encryptions none is taken for a token', { skip: folder === null }, () => {
  const file = join(folder ?? '', 'json_web_encryption_test.json')
  const text = readFileSync(file, 'utf8')
  const tokens = text.match(/(?<="jwe": ")[^"]+/g) ?? []
  assert.ok(tokens.length > 100)
  for (const token of tokens) assert.equal(readSigned(token).kind, 'flawed')
})
