/** The schema of `keys`: when a gateway key counts as left behind, and what follows. */
import { z } from 'zod'
import { count, flag, leafNotes } from './schema-leaves.ts'

export const keysSchema = z
  .strictObject({
    staleAfterDays: count({
      is: 60,
      min: 1,
      max: 3650,
      what: 'A key that was not used for so many days is flagged as stale.',
      why: 'Forgotten keys are the ones that leak.',
    }),
    endAfterDays: z
      .union([z.literal('never'), z.int().min(0).max(3650)])
      .prefault(30)
      .describe(
        'A stale key, or one whose owner has left, expires so many days after it was flagged. A month is long enough to hand it over.',
      )
      .register(leafNotes, {
        allowed: 'a whole number from 0 to 3650, or never',
        why: 'A month is long enough to hand it over.',
        secret: false,
      }),
    ownersArePeople: flag(
      'A new key belongs to a person who is here and active.',
      'Off, because a first key is made before there are people.',
    ).prefault(false),
  })
  .prefault({})
  .describe('Gateway keys that are left behind.')
