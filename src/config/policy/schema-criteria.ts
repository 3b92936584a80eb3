/** The schema of a rule's conditions: who, what, how much, when, and what is found. */
import { z } from 'zod'
import { choice, leafNotes, shaped, text } from '../schema-leaves.ts'
import { parseDuration, parseSize } from '../quantities.ts'

const NAMES_MAX = 500
const KEYWORDS_MAX = 10_000

export const list = (what: string, allowed: string, max = NAMES_MAX) =>
  z
    .array(z.string().min(1).max(512))
    .min(1)
    .max(max)
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })

export const names = (what: string) => list(what, 'a list of names').optional()

const globs = (what: string) =>
  list(`${what} \`*\` stands for any text.`, 'a list of names, `*` for any text').optional()

/** Milliseconds, within bounds that are written as they would be in the file. */
export const durationText = (what: string, min: string, max: string) =>
  z
    .string()
    .regex(/^[0-9.]+(?:ms|s|m|h|d)$/)
    .transform((written, context) => {
      const ms = parseDuration(written)
      if (ms !== null && ms >= (parseDuration(min) ?? 0) && ms <= (parseDuration(max) ?? 0))
        return ms
      context.addIssue({ code: 'custom', message: `expected ${min} to ${max}` })
      return z.NEVER
    })
    .describe(what)
    .register(leafNotes, { allowed: `a duration from ${min} to ${max}`, why: '', secret: false })

const sizeText = (what: string) =>
  z
    .union([z.string().regex(/^[0-9.]+ ?(?:[KMGT]i?)?B$/), z.int().min(0)])
    .transform((written, context) => {
      const bytes = parseSize(written)
      if (bytes !== null) return bytes
      context.addIssue({ code: 'custom', message: 'expected a size' })
      return z.NEVER
    })
    .optional()
    .describe(what)
    .register(leafNotes, { allowed: 'a size such as 200KB, 1MiB', why: '', secret: false })

const tokenCount = (what: string) =>
  z
    .int()
    .min(1)
    .optional()
    .describe(what)
    .register(leafNotes, { allowed: 'a whole number', why: '', secret: false })

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/

export const criteriaFields = {
  keywords: list(
    'Words or phrases; one is enough. Compared without case, as whole words, on the normalised text: look-alike letters, full-width forms, invisible characters, escapes and runs of white space make no difference.',
    'a list of texts',
    KEYWORDS_MAX,
  ).optional(),
  patterns: list(
    'Patterns in RE2 syntax, of bounded length; one is enough. `(?i)` in front ignores case.',
    'a list of patterns',
  ).optional(),
  entities: list(
    'Kinds of values, such as CREDIT_CARD; one is enough. See detectors.md.',
    'a list of entities',
  ).optional(),
  packs: list(
    'Packs of detectors; a finding of any is enough: credentials, pci, pii, phi, strict.',
    'a list of pack names',
  ).optional(),
  detectors: list(
    'Single detectors by id; one is enough. See detectors.md.',
    'a list of detector ids',
  ).optional(),
  fingerprints: list(
    'Only values with one of these keyed fingerprints (16 digits or more), as findings show them. It narrows entities, packs and detectors.',
    'a list of fingerprints',
  ).optional(),
  label: shaped(
    /^[A-Z][A-Z0-9_]*$/,
    'Entity that findings of the keywords and patterns carry. Default: `KEYWORD`, `PATTERN`.',
    'upper-case words joined by _',
  ).optional(),
  atLeast: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('How many different values must be found. Default: 1.')
    .register(leafNotes, { allowed: 'a whole number from 1 to 10000', why: '', secret: false }),
  occurrence: choice(
    ['any', 'new'],
    '`new`: only values that this conversation has not sent before. Default: `any`; what was approved once is covered by its grant, not asked for at every turn.',
  ).optional(),
  size: z
    .strictObject({
      bytes: sizeText('The body is at least so long.'),
      newBytes: sizeText('What is new in it is at least so long.'),
      tokens: tokenCount('The body has at least so many tokens, at four bytes a token.'),
      newTokens: tokenCount('What is new in it has at least so many.'),
    })
    .optional()
    .describe('Size thresholds; one that is reached is enough.'),
  callers: globs('Names of people, services and jobs.'),
  kinds: z
    .array(z.enum(['person', 'service', 'job']))
    .min(1)
    .optional()
    .describe('What the caller is.')
    .register(leafNotes, { allowed: 'a list of person, service, job', why: '', secret: false }),
  groups: globs('Groups that the credential proves.'),
  services: globs(
    'Services: the one the credential proves; where it proves none, the declared one.',
  ),
  upstreams: globs('Upstreams by name.'),
  surfaces: globs('Calls, such as `openai.chat-completions`.'),
  routes: globs('Routes by name.'),
  models: globs('Models.'),
  tools: globs('Tools that a request offers; for a tool call, the tool that is called.'),
  hours: z
    .strictObject({
      from: shaped(TIME, 'First minute.', 'a time such as 08:00'),
      to: shaped(
        TIME,
        'First minute after; earlier than `from` goes over midnight.',
        'a time such as 18:00',
      ),
      days: z
        .array(z.enum(DAYS))
        .min(1)
        .optional()
        .describe('Days. Default: all.')
        .register(leafNotes, { allowed: `a list of ${DAYS.join(', ')}`, why: '', secret: false }),
      zone: text('Time zone, such as Europe/Zurich. Default: UTC.', 'a time zone').optional(),
    })
    .optional()
    .describe('Time of the week.'),
  when: text('A condition in CEL. See policy.md.', 'a CEL expression').optional(),
} as const

const criteriaObject = z.strictObject(criteriaFields)
export type CheckedCriteria = z.output<typeof criteriaObject>
