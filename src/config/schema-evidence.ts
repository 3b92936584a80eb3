/** The schema of `evidence`: who else signs the checkpoints of the transparency log, and where they are pushed. */
import { z } from 'zod'
import { count, duration, reference, shaped, text } from './schema-leaves.ts'

const LIST_MAX = 16
const URL_WORDS = 'an http:// or https:// URL without user, query or fragment'

const witness = z
  .strictObject({
    name: shaped(
      /^[a-z][a-z0-9-]{0,62}$/,
      'How Custody calls it.',
      'a lower-case name: letters, digits and -',
    ),
    key: shaped(
      /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/,
      'Its verifier key, as `custody witness` prints it.',
      'name+id+base64',
    ),
    url: text('Its submission prefix; `/add-checkpoint` is added.', URL_WORDS),
  })
  .describe('A C2SP tlog-witness.')

const webhook = z
  .strictObject({
    url: text('Where each checkpoint is posted to.', URL_WORDS),
    authorization: reference('Value of the Authorization header.').optional(),
  })
  .describe('A receiver of checkpoints over HTTP.')

const objectStore = z
  .strictObject({
    endpoint: text('Address of the store; the bucket stands in the path.', URL_WORDS),
    region: text('Region to sign for.').prefault('us-east-1'),
    bucket: text('Name of the bucket.'),
    prefix: text('Put before the name of each object.').prefault('custody/'),
    accessKeyId: reference('Access key id.'),
    secretAccessKey: reference('Secret access key.'),
  })
  .describe(
    'An S3-compatible store; give its bucket Object Lock, and nobody can take a checkpoint back.',
  )

export const evidenceSchema = z
  .strictObject({
    publishEveryMs: duration({
      is: '1m',
      min: 1_000,
      max: 86_400_000,
      what: 'How often a new checkpoint goes to witnesses and receivers.',
      why: 'What is older than that can no longer be changed by whoever owns this machine.',
    }),
    witnesses: z
      .array(witness)
      .max(LIST_MAX)
      .prefault([])
      .describe(
        'Asked to sign each published checkpoint; they refuse one that does not continue the last.',
      ),
    quorum: count({
      is: 1,
      min: 1,
      max: LIST_MAX,
      what: 'How many witnesses have to sign for a checkpoint to count as witnessed.',
      why: 'One outside the reach of this machine is enough to show that it was tampered with.',
    }),
    files: z
      .array(text('Each checkpoint is added to this file.', 'a file path'))
      .max(LIST_MAX)
      .prefault([])
      .describe('Files, on another disk or mounted from another machine.'),
    webhooks: z.array(webhook).max(LIST_MAX).prefault([]).describe('Receivers over HTTP.'),
    objectStores: z
      .array(objectStore)
      .max(LIST_MAX)
      .prefault([])
      .describe('Receivers with the S3 API.'),
    timestampUrl: text(
      'An RFC 3161 time stamping authority; each published checkpoint gets a token.',
      URL_WORDS,
    ).optional(),
  })
  .prefault({})
  .describe('Independence of the transparency log from this machine.')
