/** The schema of `bundles`: which exports wait for a second person, and who that may be. */
import { z } from 'zod'
import { choice, duration } from './schema-leaves.ts'

export const bundlesSchema = z
  .strictObject({
    approval: choice(
      ['none', 'raw', 'all'],
      'Which exports another person must approve before a byte leaves: none, those with content as it was, or all.',
    ).prefault('none'),
    approvers: z
      .array(choice(['admin', 'approver', 'auditor', 'investigator'], 'A role.'))
      .min(1)
      .prefault(['approver', 'auditor'])
      .describe('Roles whose people may approve; whoever asked never may.'),
    expires: duration({
      is: '3d',
      min: 60_000,
      max: 30 * 86_400_000,
      what: 'An order that nobody decided, or that was approved and not fetched, ends after this.',
      why: 'A decision is about now: what it was made for is forgotten after some days.',
    }),
  })
  .prefault({})
  .describe('Handing evidence out.')
