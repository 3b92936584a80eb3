/** The schema of custody.yaml: strict, every field described. */
import { z } from 'zod'
import { approvalsSchema, routeHoldSchema } from './schema-approvals.ts'
import { PRESET_NAMES } from './presets.ts'
import { choice, count, flag, leafNotes, reference, shaped, text } from './schema-leaves.ts'
import { keysSchema } from './schema-keys.ts'
import { trustSchema } from './schema-trust.ts'
import { loginSchema } from './schema-login.ts'
import { restrictedSchema } from './schema-restricted.ts'
import { bundlesSchema } from './schema-bundles.ts'
import { exportsSchema } from './schema-exports.ts'
import { containmentSchema } from './schema-containment.ts'
import { evidenceSchema } from './schema-evidence.ts'
import { limitsSchema, RECORDING_MODES, recordingSchema } from './schema-limits.ts'
import { maskingSchema, routeMaskingSchema } from './schema-masking.ts'
import { pricesSchema } from './schema-prices.ts'

const NAME = /^[a-z][a-z0-9-]{0,62}$/
const NAME_WORDS = 'a lower-case name: letters, digits and -, beginning with a letter'
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/

const address = (what: string, is: string) =>
  text(what, 'host:port; an IPv6 host in brackets; port 0 for any free one').prefault(is)

const clientCertificates = z
  .strictObject({
    caFile: text('PEM file with the authorities that issue client certificates.', 'a file path'),
    crlFile: text(
      'PEM file with the lists of revoked certificates (CRL) of these authorities. Read again when it changes.',
      'a file path',
    ).optional(),
    whenCrlUnknown: choice(
      ['refuse', 'pass'],
      'What happens to a certificate of whose authority no list is in force: none is there, or its next update is overdue.',
    ).prefault('refuse'),
    required: flag(
      'End a connection without a certificate that verifies. Without it, such callers need a key or token.',
      'Callers with keys go on while certificates are rolled out.',
    ).prefault(false),
  })
  .describe(
    'Client certificates (mTLS) as credentials; trust rules of kind `certificate` say whose.',
  )

const tls = z
  .strictObject({
    certFile: text('PEM file with the certificate chain.', 'a file path'),
    keyFile: text('PEM file with the private key.', 'a file path'),
    clientCertificates: clientCertificates.optional(),
  })
  .describe('TLS of the data plane; HTTP/2 is negotiated by ALPN. Without it: clear text.')

const sigv4 = z
  .strictObject({
    region: text('AWS region to sign for; also serves paths that name none.'),
    accessKeyId: reference('Access key id.'),
    secretAccessKey: reference('Secret access key.'),
    sessionToken: reference('Session token of temporary keys.').optional(),
  })
  .describe('Sign calls with AWS Signature Version 4 instead of sending a credential.')

const upstream = z
  .strictObject({
    preset: choice(
      PRESET_NAMES,
      'A well-known provider: fills in dialect, base URL and credential header.',
    ).optional(),
    dialect: choice(
      ['openai', 'anthropic', 'gemini', 'bedrock', 'ollama'],
      'Wire format that the upstream speaks. Required without a preset.',
    ).optional(),
    baseUrl: text(
      'Origin and optional path prefix, with or without the final `/v1`. Required unless the preset has one.',
      'an http:// or https:// URL without user, query or fragment',
    ).optional(),
    region: shaped(
      /^[a-z0-9-]{2,32}$/,
      'Region of a Bedrock or Vertex upstream; fills `{region}` in its base URL.',
      'a region such as us-east-1',
    ).optional(),
    credential: reference(
      'Provider credential that only the gateway holds. Default: the environment variable that the preset names.',
      '`${ENV_NAME}`, `${file:/path}` or `none`',
    ).optional(),
    credentialHeader: shaped(
      HEADER_NAME,
      'Header that carries the credential. Default: what the preset or dialect wants.',
      'a header name',
    ).optional(),
    credentialScheme: shaped(
      /^[A-Za-z0-9-]{0,32}$/,
      'Word before the credential, such as `Bearer`; empty for none.',
      'one word, or empty',
    ).optional(),
    sigv4: sigv4.optional(),
    headers: z
      .record(
        shaped(HEADER_NAME, 'Header name.', 'a header name'),
        reference(
          'Header value; a literal is accepted where the header name does not speak of a credential.',
          'a text, `${ENV_NAME}` or `${file:/path}`',
        ),
      )
      .prefault({})
      .describe('Request headers added to every call.'),
    dropBetas: z
      .array(text('A beta name.'))
      .max(64)
      .prefault([])
      .describe('Values removed from `anthropic-beta`, for upstreams that refuse unknown betas.')
      .register(leafNotes, { allowed: 'a list of texts', why: '', secret: false }),
    allowPrivateAddresses: flag(
      'Permit addresses in private and loopback ranges. Default: only when the base URL itself names one.',
      'A public name that resolves inward is how a gateway is turned against its own network.',
    ).optional(),
    allowLinkLocalAddresses: flag(
      'Permit link-local and cloud metadata addresses.',
      'The metadata service hands out the credentials of the machine.',
    ).prefault(false),
  })
  .describe('One provider endpoint.')

const route = z
  .strictObject({
    name: shaped(NAME, 'Shown in records. Default: `route-1`, `route-2` …', NAME_WORDS).optional(),
    match: z
      .strictObject({
        upstream: text('Name of an upstream.').optional(),
        surface: text('Glob over the surface, such as `openai.chat*`.').optional(),
        service: text('Service that the caller’s credential is bound to.').optional(),
        model: text('Glob over the model name, such as `gpt-*`.').optional(),
      })
      .prefault({})
      .describe('All conditions written must hold; none written matches everything.'),
    recording: choice(
      RECORDING_MODES,
      'Recording mode of matching exchanges. Default: `recording.mode`.',
    ).optional(),
    retention: text('Retention class of matching exchanges. Default: `default`.').optional(),
    masking: routeMaskingSchema.optional(),
    approvals: routeHoldSchema.optional(),
  })
  .describe('One route; the first that matches wins.')

const storage = z
  .strictObject({
    folder: text(
      'Data folder: segments, keys and the SQLite index. A relative path starts at the folder of this file. Default: `custody-data` in the working folder.',
      'a folder path',
    ).optional(),
    index: z
      .union([
        z.literal('sqlite'),
        z.strictObject({ postgres: reference('Connection string of a PostgreSQL database.') }),
      ])
      .prefault('sqlite')
      .describe('Where the index lives: `sqlite` (in the data folder) or `{ postgres: ${ENV} }`.')
      .register(leafNotes, {
        allowed: '`sqlite` or `{ postgres: "${ENV_NAME}" }`',
        why: '',
        secret: true,
      }),
  })
  .prefault({})
  .describe('Where evidence and its index are kept.')

const retentionClass = z
  .strictObject({
    minDays: count({
      is: 183,
      min: 0,
      max: 36_500,
      what: 'Nothing of this class is deleted before.',
      why: 'Six months is the shortest time that log-keeping duties on AI systems name.',
    }),
    maxDays: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe(
        'Deleted after this many days. Default: kept. Evidence must not vanish before somebody chose when.',
      )
      .register(leafNotes, {
        allowed: 'a whole number from 1 to 36500',
        why: 'Evidence must not vanish before somebody chose when.',
        secret: false,
      }),
    tags: z
      .array(text('A tag that policy rules give; `*` is any text.', 'a glob'))
      .max(64)
      .prefault([])
      .describe(
        'Tags of policy rules, as globs. An exchange with one of them belongs to this class, whatever its route says; the first class wins.',
      )
      .register(leafNotes, { allowed: 'a list of globs', why: '', secret: false }),
  })
  .describe('How long records are kept.')

const log = z
  .strictObject({
    level: choice(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'Least severe line that is written. Content and credentials are in none.',
    ).prefault('info'),
    format: choice(
      ['auto', 'json', 'pretty'],
      '`auto`: readable on a terminal, JSON elsewhere.',
    ).prefault('auto'),
  })
  .prefault({})
  .describe('The log on standard error.')

const named = () => shaped(NAME, 'Name.', NAME_WORDS)

export const configSchema = z
  .strictObject({
    listen: address(
      'Where callers connect (data plane). Only this machine can reach the default: opening a gateway that holds provider keys to a network is a choice.',
      '127.0.0.1:8080',
    ),
    admin: address(
      'Where operators connect (health, metrics). Only this machine can reach the default: it is not meant for callers.',
      '127.0.0.1:8081',
    ),
    tls: tls.optional(),
    login: loginSchema,
    keys: keysSchema,
    upstreams: z
      .record(named(), upstream)
      .optional()
      .describe(
        'Provider endpoints by name; the name is the first path segment callers use. Without this section they come from the environment.',
      ),
    routes: z
      .array(route)
      .max(1000)
      .prefault([])
      .describe('How exchanges are recorded and kept, by what they are; the first match wins.'),
    masking: maskingSchema.optional(),
    policy: text(
      'Policy file. A relative path starts at the folder of this file. Without it the policy is edited in the console.',
      'a file path',
    ).optional(),
    prices: pricesSchema.optional(),
    approvals: approvalsSchema,
    exports: exportsSchema,
    restricted: restrictedSchema,
    bundles: bundlesSchema,
    limits: limitsSchema,
    containment: containmentSchema,
    evidence: evidenceSchema,
    trust: trustSchema,
    recording: recordingSchema,
    storage,
    retention: z
      .strictObject({
        classes: z
          .record(named(), retentionClass)
          .prefault({})
          .describe('Retention classes by name; `default` always exists.'),
      })
      .prefault({})
      .describe('How long records are kept.'),
    log,
  })
  .describe('Configuration of Custody (custody.yaml).')

/** Checked, defaults filled, quantities in ms and bytes; references not yet resolved. */
export type CheckedConfig = z.output<typeof configSchema>
export type CheckedUpstream = z.output<typeof upstream>
