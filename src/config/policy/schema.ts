/** The schema of a policy file: the validator, the JSON Schema of editors and the reference page come from it. */
import { z } from 'zod'
import { MOMENTS } from '../../policy/rule.ts'
import { VERDICTS } from '../../model/decision.ts'
import { choice, flag, leafNotes, shaped, text } from '../schema-leaves.ts'
import { operatorSchema } from '../schema-masking.ts'
import { criteriaFields, durationText, list, names } from './schema-criteria.ts'

const RULE_ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const TAG = /^[a-z0-9][a-z0-9._-]{0,63}$/

const approval = z
  .strictObject({
    approvers: names('Groups or roles whose members may decide. Default: the role `approver`.'),
    quorum: z
      .int()
      .min(1)
      .max(10)
      .optional()
      .describe('Approvals that are needed. One denial is enough to deny. Default: 1.')
      .register(leafNotes, { allowed: 'a whole number from 1 to 10', why: '', secret: false }),
    expires: durationText(
      'Without a decision by then it is denied. Default: `4h`.',
      '1m',
      '7d',
    ).optional(),
    hold: durationText(
      "How long the caller's connection is held. Default: what its client tolerates, at most 240s.",
      '1s',
      '15m',
    ).optional(),
    reasonRequired: flag('Deciding needs a written reason.', 'Default: false.').optional(),
    highAssurance: flag(
      'Only decided in the console, after a fresh login.',
      'Default: false.',
    ).optional(),
    grants: choice(
      ['once', 'conversation'],
      'What an approval is good for: this request, or the same values in this conversation. Default: `conversation`.',
    ).optional(),
    grantFor: durationText(
      'How long a grant for the conversation holds. Default: `8h`.',
      '1m',
      '30d',
    ).optional(),
    escalateTo: names('Groups or roles that are told at half of the time.'),
  })
  .describe('Who decides on a held request. Only with `then: hold`.')

const caller = z
  .strictObject({
    id: text('Name of the caller.').optional(),
    kind: choice(['person', 'service', 'job'], 'What the caller is.').optional(),
    method: text('How it proved who it is.').optional(),
    groups: list('Its groups.', 'a list of group names').optional(),
    service: text('The service its credential is bound to.').optional(),
    claims: z.record(z.string(), z.string()).optional().describe('Claims of its token.'),
  })
  .describe('Who calls.')

const given = z
  .strictObject({
    text: z
      .string()
      .max(100_000)
      .optional()
      .describe('Text of the prompt, or of the answer for a rule on answers.')
      .register(leafNotes, { allowed: 'a text', why: '', secret: false }),
    toolResult: z
      .string()
      .max(100_000)
      .optional()
      .describe('Text of a tool result in the prompt.')
      .register(leafNotes, { allowed: 'a text', why: '', secret: false }),
    tool: text('The tool that is called; `text` is its arguments.').optional(),
    carriedOver: flag(
      'What is found was sent before in this conversation.',
      'Default: false.',
    ).optional(),
    caller: caller.optional(),
    service: text('The service that the caller declares.').optional(),
    upstream: text('Name of the upstream.').optional(),
    surface: text('The call, such as `openai.chat-completions`.').optional(),
    route: text('Name of the route.').optional(),
    model: text('The model.').optional(),
    bytes: z
      .int()
      .min(0)
      .optional()
      .describe('Size of the body. Default: of the text.')
      .register(leafNotes, { allowed: 'a whole number', why: '', secret: false }),
    at: shaped(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/,
      'When. Default: Monday 2026-01-05T12:00Z.',
      'a moment such as 2026-01-05T12:00Z',
    ).optional(),
  })
  .describe('The exchange that is put before the rule.')

const expect = choice(
  ['allow', 'mask', 'hold', 'deny', 'fires', 'silent'],
  'The verdict, as if the rule were enforced; `fires` and `silent` for rules that only alert or tag.',
)

const ruleTest = z
  .strictObject({ name: text('What is tested, as a sentence.'), given, expect })
  .describe('One test of the rule alone.')

const stage = z
  .union([
    z.enum(['off', 'shadow', 'enforce']),
    z.string().regex(/^canary: ?(?:100|\d?\d)%$/),
    z.strictObject({
      canary: z.union([z.string().regex(/^(?:100|\d?\d)%$/), z.int().min(0).max(100)]),
    }),
  ])
  .optional()
  .describe(
    '`off`: not evaluated. `shadow`: recorded, nothing is changed. `canary: N%`: enforced for that share of conversations, shadow for the others. `enforce`. Default: `shadow`.',
  )
  .register(leafNotes, {
    allowed: 'off, shadow, canary: 10%, enforce',
    why: 'A rule that nobody has watched should not stop work.',
    secret: false,
  })

export const ruleSchema = z
  .strictObject({
    id: shaped(
      RULE_ID,
      'Name of the rule in records; it stays when the title changes.',
      'lower-case words joined by -',
    ),
    title: text('One line; callers and approvers read it.', 'a line of text'),
    message: text('What a refused caller is told besides the title.').optional(),
    on: z
      .union([z.enum(MOMENTS), z.array(z.enum(MOMENTS)).min(1)])
      .describe(
        'What the rule looks at. `request`: everything that is sent. `tool_result`: only results of tools in what is sent. `response`: the answer. `tool_call`: each tool call of the answer.',
      )
      .register(leafNotes, { allowed: MOMENTS.join(', '), why: '', secret: false }),
    ...criteriaFields,
    unless: z
      .union([z.strictObject(criteriaFields), z.array(z.strictObject(criteriaFields)).max(20)])
      .optional()
      .describe(
        'The rule does not fire where all conditions of this section (of one of these sections) hold. What a caller only declares counts for nothing here.',
      )
      .register(leafNotes, {
        allowed: 'a section of conditions, or a list of them',
        why: '',
        secret: false,
      }),
    // oxlint-disable-next-line unicorn/no-thenable -- data, never awaited
    then: choice(
      VERDICTS,
      'The verdict. Of all rules that fire the strictest wins: deny, hold, mask, allow.',
    ),
    mask: operatorSchema
      .optional()
      .describe(
        'With `then: mask`: what stands in place of the values. Default: as `masking` of the route does it, else `replace`.',
      ),
    approval: approval.optional(),
    alert: z
      .union([z.enum(['log', 'metric', 'webhook']), z.array(z.enum(['log', 'metric', 'webhook']))])
      .optional()
      .describe(
        'Who is told when the rule fires in force: a line in the log, a counter, a webhook.',
      )
      .register(leafNotes, { allowed: 'log, metric, webhook', why: '', secret: false }),
    tags: z
      .array(shaped(TAG, 'A tag.', 'lower-case letters, digits, ., _ and -'))
      .max(20)
      .optional()
      .describe('Kept with the exchange and searchable.')
      .register(leafNotes, { allowed: 'a list of tags', why: '', secret: false }),
    fail: choice(
      ['closed', 'open'],
      'When the rule cannot be decided (content that cannot be inspected, a condition that fails): `closed` counts as fired, `open` as not. Default: `closed`, for `then: allow` `open`.',
    ).optional(),
    stage,
    tests: z
      .array(ruleTest)
      .max(200)
      .optional()
      .describe('Tests of the rule; run by `custody policy test`.'),
  })
  .describe('One rule. Every condition that is written must hold; inside a list one is enough.')

export const policySchema = z
  .strictObject({
    version: z
      .literal(1)
      .describe('Version of this format.')
      .register(leafNotes, { allowed: '1', why: '', secret: false }),
    webhook: text(
      'Where alerts by webhook go: `${ENV_NAME}` or `${file:/path}` with a URL.',
      '`${ENV_NAME}` or `${file:/path}`',
    ).optional(),
    rules: z.array(ruleSchema).max(1000).describe('The rules. Their order means nothing.'),
  })
  .describe('Policy of Custody.')

export type CheckedRule = z.output<typeof ruleSchema>
export type CheckedTest = z.output<typeof ruleTest>
