/** The schema of `containment`: what a gateway does that cannot read its locks. */
import { z } from 'zod'
import { choice, duration } from './schema-leaves.ts'

export const containmentSchema = z
  .strictObject({
    staleAfterMs: duration({
      is: '10s',
      min: 0,
      max: 86_400_000,
      what: 'A gateway that could not read its locks for longer takes its view of them for stale.',
      why: 'A short hiccup of the database must not stop traffic, and a long one must not be a way around a lock.',
    }),
    whenStale: choice(
      ['refuse', 'pass'],
      'What happens to new exchanges then: `refuse` them (strict), or let them `pass` by the last view (best effort).',
    ).prefault('refuse'),
  })
  .prefault({})
  .describe('Locks: what happens when they cannot be read.')
