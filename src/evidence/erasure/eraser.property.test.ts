import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  assertNowhere,
  eraseNow,
  freely,
  readsExactly,
  recordChat,
  secretsOf,
  type Recorded,
} from '../../../test/harness/erasing.ts'
import { openTestEvidence, temporaryFolder, type Message } from '../../../test/harness/evidence.ts'

type Step =
  | { readonly kind: 'record'; readonly thread: number; readonly turns: number }
  | { readonly kind: 'erase'; readonly which: readonly number[] }
  | { readonly kind: 'hold'; readonly which: number }
  | { readonly kind: 'release'; readonly which: number }
  | { readonly kind: 'restart' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('record' as const),
      thread: fc.nat(2),
      turns: fc.integer({ min: 1, max: 24 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('erase' as const),
      which: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
)

/** Turns of one thread begin alike; all threads share their system prompt. */
const turnsOf = (thread: number, count: number): Message[] => [
  { role: 'system', text: 'what everybody is told '.repeat(20) },
  ...Array.from({ length: count }, (_, n): Message => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    text: `thread ${thread} turn ${n} ${'words '.repeat(15)}`,
  })),
]

test('whatever is recorded, held and erased in any order: the living rebuild exactly, the erased are gone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      await using folder = await temporaryFolder()
      let opened = await openTestEvidence(folder.path)
      try {
        const living = new Map<string, Recorded>()
        const held = new Set<string>()
        const gone: (readonly Buffer[])[] = []
        const at = (which: number): Recorded | undefined =>
          [...living.values()][which % Math.max(1, living.size)]
        for (const one of steps) {
          switch (one.kind) {
            case 'record': {
              const recorded = await recordChat(opened.evidence, turnsOf(one.thread, one.turns))
              living.set(recorded.id, recorded)
              break
            }
            case 'erase': {
              const doomed = [...new Set(one.which.flatMap((which) => at(which)?.id ?? []))]
              if (doomed.length === 0) break
              await opened.evidence.flush()
              const isDoomed = new Set<string>(doomed)
              const secrets = await ownSecrets(folder.path, isDoomed)
              const outcome = await opened.evidence.eraser.erase({
                ...freely,
                exchanges: doomed,
                guard: async (rows) =>
                  rows
                    .filter(({ id }) => held.has(id))
                    .map(({ id }) => ({ exchange: id, why: 'held', detail: '' })),
              })
              const isHeld = doomed.some((id) => held.has(id))
              assert.equal(outcome.kind, isHeld ? 'refused' : 'erased')
              if (isHeld) break
              for (const id of doomed) living.delete(id)
              gone.push(secrets)
              break
            }
            case 'hold': {
              const recorded = at(one.which)
              if (recorded !== undefined) held.add(recorded.id)
              break
            }
            case 'release': {
              const recorded = at(one.which)
              if (recorded !== undefined) held.delete(recorded.id)
              break
            }
            case 'restart':
              await opened[Symbol.asyncDispose]()
              opened = await openTestEvidence(folder.path)
          }
          await opened.evidence.flush()
          for (const recorded of living.values()) await readsExactly(opened.evidence, recorded)
          for (const secrets of gone) assertNowhere(folder.path, secrets)
        }
        // Everything that is left goes too: then no block of anybody may be there any more.
        const all = await secretsOf(folder.path, (record) => record.startsWith('ex_'))
        const rest = [...living.values()].map(({ id }) => id)
        if (rest.length > 0) await eraseNow(opened.evidence, rest)
        assertNowhere(folder.path, all)
      } finally {
        await opened[Symbol.asyncDispose]()
      }
    }),
    { numRuns: 12 },
  )
})

/** Of frames that belong to the doomed alone: openings, closings and answers, not the blocks that others may share. */
async function ownSecrets(folder: string, doomed: ReadonlySet<string>): Promise<readonly Buffer[]> {
  return secretsOf(folder, (record) => doomed.has(record), ['opening', 'closing', 'answer'])
}
