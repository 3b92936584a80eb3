/** The schema of `approvals`: who may decide about held requests, how long callers wait, and where approvers are told. */
import { z } from 'zod'
import { STREAM_KEEPALIVES, WHOLE_KEEPALIVES } from '../model/keepalive.ts'
import {
  choice,
  duration,
  durationIfSaid,
  flag,
  leafNotes,
  reference,
  text,
} from './schema-leaves.ts'

const names = (what: string, of: string) =>
  z
    .array(text(of))
    .max(500)
    .prefault([])
    .describe(what)
    .register(leafNotes, { allowed: 'a list of texts', why: '', secret: false })

const budget = {
  min: 0,
  max: 900_000,
  what: 'Longest time that a caller waits in silence; less where its client says that it gives up earlier.',
  why: 'Most clients give up at 300 seconds and send the prompt again.',
}

const PENDING =
  'What a caller is told when its time is over: `retry` is 503 with Retry-After, `final` a 400 that no client sends again, `by-client` chooses what the client is known to handle.'
const PENDING_NAMES = ['by-client', 'retry', 'final'] as const

const keepalive = z
  .strictObject({
    streams: choice(
      STREAM_KEEPALIVES,
      'What callers that ask for a stream are sent meanwhile: `comments` and `pings` begin the answer with status 200, `informational` is status 103, at most four times.',
    ).optional(),
    wholes: choice(
      WHOLE_KEEPALIVES,
      'What callers that ask for a whole answer are sent meanwhile: `whitespace` begins the answer with status 200, `informational` is status 103, at most four times.',
    ).optional(),
    every: duration({
      is: '20s',
      min: 250,
      max: 300_000,
      what: 'Silence before the first, and between two. A decision within it is answered as without keepalive.',
      why: 'The shortest idle limits of load balancers are near 30 seconds.',
    }),
  })
  .describe(
    'Says something to callers that wait, for paths that cut silent connections. Costs: see docs/guide/approvals.md. Default: silence.',
  )

export const routeHoldSchema = z
  .strictObject({
    budget: durationIfSaid(budget),
    pending: choice(PENDING_NAMES, PENDING).optional(),
    keepalive: keepalive.optional(),
  })
  .describe('How callers of this route wait for an approval. Default: as `approvals.hold` says.')

const slack = z
  .strictObject({
    channel: text('Channel id, such as C0123456789.'),
    botToken: reference('Bot token (`xoxb-…`) with the scope chat:write.'),
    signingSecret: reference('Signing secret of the app: every interaction is checked with it.'),
    people: z
      .record(text('Slack user id.'), text('Login of the person.'))
      .prefault({})
      .describe(
        'Slack users and the people they were verified to be; nobody else decides in Slack.',
      )
      .register(leafNotes, {
        allowed: 'Slack user ids with logins',
        why: '',
        secret: false,
      }),
    apiUrl: text('Origin of the Slack API.', 'an https:// URL').prefault('https://slack.com/api'),
  })
  .describe('Cards with buttons in a Slack channel. See docs/guide/approvals.md.')

const webhook = z
  .strictObject({
    url: text('Where events are posted.', 'an http:// or https:// URL'),
    secret: reference('Signing secret (`whsec_…`), as Standard Webhooks has it.'),
  })
  .describe('One receiver of signed events.')

const email = z
  .strictObject({
    smtp: reference('Mail server, such as smtps://user:password@mail.example.com.'),
    from: text('Sender address.'),
    to: z.array(text('Address.')).min(1).max(100).describe('Receivers.').register(leafNotes, {
      allowed: 'a list of addresses',
      why: '',
      secret: false,
    }),
  })
  .describe('Mails with a link and nothing of the prompt.')

export const approvalsSchema = z
  .strictObject({
    consoleUrl: text(
      'Origin under which people open the console; links in answers and messages begin with it. Default: where the console listens.',
      'an http:// or https:// URL without path',
    ).optional(),
    groups: z
      .record(text('Name.'), names('Logins in the group.', 'Login.'))
      .prefault({})
      .describe('Groups that rules may name as approvers.'),
    breakGlass: names(
      'Groups, roles or logins that may decide alone in an emergency; each use waits for a review by somebody else.',
      'Group, role or login.',
    ),
    authorsMayApprove: flag(
      'Whether somebody who wrote a rule may approve what it holds.',
      'Turn it off where duties must be apart.',
    ).prefault(true),
    freshLogin: duration({
      is: '5m',
      min: 10_000,
      max: 3_600_000,
      what: 'A login this recent may decide what rules hold with high assurance.',
      why: 'An open laptop is not a person.',
    }),
    hold: z
      .strictObject({
        budget: duration({ ...budget, is: '240s' }),
        pending: choice(PENDING_NAMES, PENDING).prefault('by-client'),
      })
      .prefault({})
      .describe('How callers wait; routes may say otherwise.'),
    webhooks: z
      .record(text('Name.'), webhook)
      .prefault({})
      .describe('Receivers of signed events (Standard Webhooks), by name.'),
    slack: slack.optional(),
    teams: z
      .record(text('Name.'), reference('Address of the incoming webhook.'))
      .prefault({})
      .describe('Teams channels that are told with a link, by name.'),
    email: email.optional(),
  })
  .prefault({})
  .describe('Held requests: who decides, how callers wait, where approvers are told.')
