/** The schema of `login`: who may come into the console, proven by which provider, with which roles. */
import { z } from 'zod'
import { ROLES } from '../model/people.ts'
import { choice, duration, flag, leafNotes, reference, shaped, text } from './schema-leaves.ts'

const NAME = /^[a-z][a-z0-9-]{0,62}$/
const CLAIM = /^[\x21-\x7e]{1,256}$/
const TEXTS_MAX = 1000

const texts = (what: string, allowed = 'a list of texts') =>
  z
    .array(z.string().min(1).max(512))
    .max(TEXTS_MAX)
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })

const claim = (what: string) => shaped(CLAIM, what, 'the name of a claim or attribute')

const roles = z
  .partialRecord(z.enum(ROLES), texts('Groups of the provider that give this role.'))
  .describe(
    'Groups that give each role, refreshed at every login. Without this section a login changes no roles.',
  )

const defaultRole = choice(
  [...ROLES, 'none'],
  'Role of whoever none of the groups gives one; `none` lets nobody in without a group. Nobody gets power by merely having an account.',
).prefault('member')

const oidc = z
  .strictObject({
    issuer: text(
      'Issuer of the OpenID provider; its discovery document names the rest. Plain http only on loopback.',
      'an https:// URL',
    ),
    clientId: text('Client id that the provider gave this console.'),
    clientSecret: reference('Client secret. Without it: a public client, PKCE alone.').optional(),
    clientAuth: choice(
      ['client_secret_basic', 'client_secret_post'],
      'How the secret is sent.',
    ).prefault('client_secret_basic'),
    scopes: texts('Scopes asked for; `openid` is always among them.').prefault([
      'openid',
      'profile',
      'email',
    ]),
    loginClaim: claim('Claim that becomes the login of a new person.').prefault(
      'preferred_username',
    ),
    nameClaim: claim('Claim with the name that is shown.').prefault('name'),
    groupsClaim: claim('Claim with the groups.').prefault('groups'),
    logout: flag(
      'Logging out here also logs out at the provider, where it offers that.',
      'A shared machine stays open otherwise.',
    ).prefault(true),
  })
  .describe('OpenID Connect: code flow with PKCE, state and nonce.')

const saml = z
  .strictObject({
    metadata: text(
      'Metadata of the identity provider: where it is and which certificates sign. A URL is read again every day.',
      'an https:// URL or a file path',
    ),
    entityId: text(
      'Our entity id, which is also the only audience accepted. Default: the URL of our metadata.',
    ).optional(),
    signed: choice(
      ['both', 'assertion', 'response'],
      'What must be signed. `both` is the safest; Google signs only one of them, as its console says.',
    ).prefault('both'),
    keyFile: text(
      'PEM file with an RSA private key: signs our requests and opens encrypted assertions.',
      'a file path',
    ).optional(),
    certFile: text(
      'PEM file with the certificate of that key, shown in our metadata.',
      'a file path',
    ).optional(),
    loginAttribute: claim(
      'Attribute that becomes the login of a new person; `nameid` is the name id.',
    ).prefault('nameid'),
    nameAttribute: claim('Attribute with the name that is shown.').prefault('displayName'),
    groupsAttribute: claim('Attribute with the groups.').prefault('groups'),
    logout: flag(
      'Single logout, where the provider offers it.',
      'A shared machine stays open otherwise.',
    ).prefault(true),
  })
  .describe('SAML 2.0 web browser SSO.')

const provider = z
  .strictObject({
    title: text('On its button. Default: `Log in with <name>`.').optional(),
    oidc: oidc.optional(),
    saml: saml.optional(),
    roles: roles.optional(),
    approvers: z
      .record(
        z.string().min(1).max(512),
        texts('Groups of the provider whose members may answer for it.'),
      )
      .prefault({})
      .describe(
        'Groups of approvers that rules may name, and the groups of this provider that fulfil each, as its last login said. What is not named here fulfils nothing: the same name at another provider is another group.',
      ),
    defaultRole,
    createPeople: flag(
      'A stranger whom the provider vouches for becomes a person at the first login.',
      'Turn it off where people come by SCIM alone.',
    ).prefault(true),
    linkBy: z
      .array(z.enum(['scim-external-id', 'scim-user-name', 'verified-email']))
      .max(3)
      .prefault(['scim-external-id'])
      .describe(
        'How a first login finds a person who is here already: by the `externalId` that SCIM sent (equal to the subject), by its `userName` (equal to the login), or by an address that the provider says it has verified and that is the login of a person. An unverified address never counts: whoever can type one would become somebody else.',
      )
      .register(leafNotes, {
        allowed: 'scim-external-id, scim-user-name, verified-email',
        why: 'An unverified address never counts: whoever can type one would become somebody else.',
        secret: false,
      }),
  })
  .describe('One identity provider, by `oidc` or by `saml`.')

export const loginSchema = z
  .strictObject({
    consoleUrl: text(
      'Origin where people reach the console, as the identity providers know it. Default: where the control plane listens.',
      'an origin such as https://custody.example.com',
    ).optional(),
    links: choice(
      ['everyone', 'break-glass'],
      'For whom one-time login links work. With `break-glass` an admin cannot make an investigator and log in as them: links are only for the accounts below.',
    ).prefault('everyone'),
    breakGlass: texts(
      'Logins of local admins for the day when no provider answers. Using one raises an alert, and it carries the admin role alone. They are named here, and not in the console, so that only who runs the machine can make one.',
    ).prefault([]),
    providers: z
      .record(shaped(NAME, 'Name.', 'a lower-case name'), provider)
      .prefault({})
      .describe('Identity providers by name, in the order of their buttons.'),
    groupsLast: duration({
      is: '12h',
      min: 60_000,
      max: 30 * 86_400_000,
      what: 'So long the groups of a login count for approving; then the person logs in once more.',
      why: 'Nobody tells the gateway that somebody left a group at the provider before the next login.',
    }),
    scim: z
      .strictObject({ roles: roles.optional(), defaultRole })
      .prefault({})
      .describe('Roles of people who are provisioned by SCIM.'),
  })
  .prefault({})
  .describe('How people log in to the console.')
