/** The schema of trust rules, in custody.yaml and over the API: which tokens of other issuers are accepted, and for whom. */
import { z } from 'zod'
import { JWT_ALGORITHMS, TRUST_PRESETS } from '../model/trust.ts'
import { choice, duration, flag, leafNotes, shaped, text } from './schema-leaves.ts'

const TEXTS_MAX = 100
const TEXT_CHARS_MAX = 512

const texts = (what: string, allowed = 'a list of texts') =>
  z
    .array(z.string().min(1).max(TEXT_CHARS_MAX))
    .min(1)
    .max(TEXTS_MAX)
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })

const oneOrMore = (what: string, allowed: string) =>
  z
    .union([
      z.string().min(1).max(TEXT_CHARS_MAX),
      z.array(z.string().min(1).max(TEXT_CHARS_MAX)).min(1).max(TEXTS_MAX),
    ])
    .transform((written) => (typeof written === 'string' ? [written] : written))
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })

const template = (what: string) =>
  shaped(/^[^\p{Cc}]{1,512}$/u, what, 'a text in which {claim} stands for a claim')

export const trustRuleSchema = z
  .strictObject({
    preset: choice(
      TRUST_PRESETS,
      'A known kind of issuer: fills in issuer, algorithms, principal and kept claims.',
    ).optional(),
    kind: choice(
      ['jwt', 'saml', 'certificate'],
      '`jwt`: tokens of an OpenID issuer. `saml`: assertions, for the exchange alone. `certificate`: client certificates (`tls.clientCertificates`).',
    ).prefault('jwt'),
    issuer: text(
      'Exactly the `iss` of the tokens; `spiffe://<trust domain>` for SVIDs; the entity id of a SAML provider; of `certificate` rules the name of the authority, such as `CN=Acme Root`, and any of `caFile` without it. Else required unless the preset has one.',
    ).optional(),
    jwksUrl: text(
      'Where the keys are. Default: what `<issuer>/.well-known/openid-configuration` says.',
      'an https:// URL',
    ).optional(),
    jwks: text(
      'The key set itself, as JSON, for issuers that cannot be reached; of `saml` rules the signing certificates in PEM.',
    ).optional(),
    audience: oneOrMore(
      'Audience the token must be made for: of `saml` rules the audience of the assertion.',
      'a text or a list of texts',
    ).optional(),
    parties: texts(
      'Clients the token may have been given to (`azp` or `client_id`). Default: every client, where it has one audience.',
    ).optional(),
    algorithms: z
      .array(z.enum(JWT_ALGORITHMS))
      .min(1)
      .max(JWT_ALGORITHMS.length)
      .optional()
      .describe('Signature algorithms. Default: those of the preset, else RS256 and ES256.')
      .register(leafNotes, { allowed: JWT_ALGORITHMS.join(', '), why: '', secret: false }),
    claims: z
      .record(
        z.string().min(1).max(TEXT_CHARS_MAX),
        oneOrMore('Pattern, `*` is any text.', 'a text or a list'),
      )
      .prefault({})
      .describe(
        'What the token must say: claim (or path such as `kubernetes.io.namespace`) and pattern; all must hold. Of certificates: `uri`, `dns`, `email`, `subject.CN`, `subject.O`, `subject.OU`, `serial`, `fingerprint`. Ids are better than names, which can be given up and taken by others.',
      ),
    principal: template(
      'Who the caller is. Default: that of the preset, else `{sub}`. A token without the claim is refused.',
    ).optional(),
    principalKind: choice(
      ['person', 'service', 'job'],
      'What it is. Default: that of the preset, else `service`.',
    ).optional(),
    service: template('Service its exchanges belong to.').optional(),
    actor: template('Login of the human who set the job off. Default: of the preset.').optional(),
    groups: texts('Groups it is in.').optional(),
    groupsClaim: text('Claim with more groups. Default: of the preset.').optional(),
    owner: text('Login of the human who answers for the rule: a lock on this person holds it too.'),
    keep: texts('Claims that are kept in the record. Default: those of the preset.').optional(),
    upstreams: texts('Upstreams it may use. Default: all.').optional(),
    models: texts('Models it may use, `*` is any text. Default: all.').optional(),
    skewMs: duration({
      is: '60s',
      min: 0,
      max: 600_000,
      what: 'Difference of clocks that is allowed.',
      why: 'Clocks of build machines are rarely off by more than a minute.',
    }),
    lifetimeMaxMs: duration({
      is: '24h',
      min: 1000,
      max: 31_536_000_000,
      what: 'Longest life of a token, from `iat` to `exp`.',
      why: 'A token that lives for a year is a stored secret with another name.',
    }),
    singleUse: flag(
      'Each token (by its `jti`) counts once: it can be exchanged, and not be sent with every call.',
      'Not every issuer promises a `jti`.',
    ).prefault(false),
    exchangeMs: duration({
      is: '1h',
      min: 60_000,
      max: 86_400_000,
      what: 'Life of a Custody token that is made from it.',
      why: 'A job that runs longer exchanges again.',
    }),
  })
  .describe('One trust rule.')

export const trustSchema = z
  .strictObject({
    rules: z
      .record(shaped(/^[a-z][a-z0-9-]{0,62}$/, 'Name.', 'a lower-case name'), trustRuleSchema)
      .prefault({})
      .describe('Trust rules by name; more of them can be made in the console.'),
    allowPrivateIssuers: flag(
      'Permit issuers at private and loopback addresses, such as a cluster of your own.',
      'Whoever writes a rule must not be able to make the gateway call its own network.',
    ).prefault(false),
  })
  .prefault({})
  .describe(
    'Callers without a stored secret: tokens of CI systems, clusters and identity providers.',
  )

export type WrittenTrustRule = z.input<typeof trustRuleSchema>
export type CheckedTrustRule = z.output<typeof trustRuleSchema>
