/** The schema of the masking section: what is looked for, what is put in its place, in which direction. */
import { z } from 'zod'
import { choice, durationIfSaid, leafNotes, shaped, text } from './schema-leaves.ts'

const TEXTS_MAX = 1000

const texts = (what: string, allowed: string) =>
  z
    .array(z.string().min(1).max(256))
    .max(TEXTS_MAX)
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })

const directions = (what: string, allowed: string) =>
  z
    .array(z.enum(['request', 'response']))
    .max(2)
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })

const OPERATOR_NAMES = [
  'redact',
  'replace',
  'mask',
  'hash',
  'encrypt',
  'tokenize',
  'synthetic',
  'keep',
  'block',
] as const

export const operatorSchema = z
  .union([
    z.enum(OPERATOR_NAMES),
    z.strictObject({
      operator: choice(OPERATOR_NAMES, 'What is put in place of the value.'),
      with: text('`replace`: the text. Default: `<ENTITY>`.').optional(),
      char: shaped(/^.$/u, '`mask`: the character. Default: `*`.', 'one character').optional(),
      keepLast: z
        .int()
        .min(0)
        .max(8)
        .optional()
        .describe('`mask`: characters left readable at the end, at most a third of the value.')
        .register(leafNotes, {
          allowed: 'a whole number from 0 to 8',
          why: '',
          secret: false,
        }),
    }),
  ])
  .describe('What is put in place of a value of this entity.')
  .register(leafNotes, {
    allowed: `${OPERATOR_NAMES.join(', ')}, or { operator, with, char, keepLast }`,
    why: '',
    secret: false,
  })

const rule = z
  .union([z.string().min(1).max(4096), z.record(z.string(), z.unknown())])
  .describe('A rule, or the path of a file with rules. See detector-rules.md.')
  .register(leafNotes, { allowed: 'a rule, or a file path', why: '', secret: false })

const entities = (what: string) =>
  z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/))
    .max(100)
    .describe(what)
    .register(leafNotes, { allowed: 'a list of entities', why: '', secret: false })

const analyzer = {
  threshold: z
    .number()
    .min(0.05)
    .max(1)
    .optional()
    .describe('Findings with a lower score are dropped. Default: 0.5.')
    .register(leafNotes, { allowed: 'a number from 0.05 to 1', why: '', secret: false }),
  directions: directions(
    'Prompts, answers, or both; only where `masking.directions` has them too. Default: both. On streamed answers text leaves sentence by sentence.',
    'a list of request and response',
  ).optional(),
  deadline: durationIfSaid({
    min: 10,
    max: 30_000,
    what: 'How long it may take for the texts of one request, or the waiting sentences of one stream. Default: 1s.',
    why: '',
  }),
  late: choice(
    ['pass', 'mask', 'block'],
    'A text that was not analyzed in time (late, broken, not reachable): `pass` goes on with what rules found, and the record says so; `mask` puts `<NOT_ANALYZED>` in its place; `block` stops the exchange. Default: `block`.',
  ).optional(),
}

const analyzers = z
  .strictObject({
    names: z
      .strictObject({
        entities: entities(
          'PERSON, LOCATION, ORGANIZATION. Default: PERSON and LOCATION.',
        ).optional(),
        ...analyzer,
      })
      .optional()
      .describe(
        'Names and places in English sentences, by a small library in a thread of this process.',
      ),
    presidio: z
      .strictObject({
        url: shaped(
          /^https?:\/\/\S+$/,
          'Address of a Presidio analyzer; `/analyze` is added.',
          'an http or https URL',
        ),
        language: shaped(
          /^[a-z]{2}$/,
          'Language of the texts. Default: `en`.',
          'two letters',
        ).optional(),
        entities: entities('What it is asked for. Default: all that it knows.').optional(),
        ...analyzer,
      })
      .optional()
      .describe(
        'An external Presidio analyzer, asked over HTTP. It is shown texts after masking by rules.',
      ),
  })
  .describe('Analyzers beside the rules, asked off the inline path about whole sentences.')

const fields = {
  packs: texts(
    'Shipped packs to take: credentials, pci, pii, phi, strict. Default: `credentials`.',
    'a list of pack names',
  ).optional(),
  without: texts('Rule ids of those packs to leave out.', 'a list of rule ids').optional(),
  rules: z.array(rule).max(TEXTS_MAX).optional().describe('Rules of your own.'),
  terms: z
    .strictObject({
      entity: shaped(
        /^[A-Z][A-Z0-9_]*$/,
        'Entity that findings of the list carry. Default: `DENIED_TERM`.',
        'upper-case words joined by _',
      ).optional(),
      words: texts('Words written here.', 'a list of texts').optional(),
      files: texts('Files with one term per line.', 'a list of file paths').optional(),
    })
    .optional()
    .describe('Deny list: exact terms, compared without case, as whole words.'),
  operators: z
    .record(
      shaped(
        /^(?:default|[A-Z][A-Z0-9_]*)$/,
        'An entity, or `default`.',
        'an entity such as EMAIL_ADDRESS, or default',
      ),
      operatorSchema,
    )
    .optional()
    .describe('What is put in place, by entity; `default` for the others. Default: `replace`.'),
  directions: directions(
    'Prompts, answers, or both. Default: both.',
    'a list of request and response',
  ).optional(),
  decode: directions(
    'Where base64 and hex runs are decoded and searched, too. Default: `[request]`; on answers it holds every word to its end.',
    'a list of request and response',
  ).optional(),
  threshold: z
    .number()
    .min(0.05)
    .max(1)
    .optional()
    .describe('Findings with a lower score are dropped. Default: 0.5.')
    .register(leafNotes, { allowed: 'a number from 0.05 to 1', why: '', secret: false }),
  signedReasoning: choice(
    ['pass', 'drop', 'block'],
    'Reasoning that a provider signed or encrypted cannot be edited: it passes and findings are recorded, it is taken out of answers, or a finding in it stops the exchange (in answers encrypted reasoning does too). Default: `pass`.',
  ).optional(),
  unknownEvents: choice(
    ['withhold', 'pass'],
    'Events of an answer that nothing is known of. Default: `withhold`.',
  ).optional(),
  tools: z
    .record(
      shaped(/^\S{1,256}$/, 'Tool name.', 'a tool name'),
      choice(
        ['exempt', 'mask', 'block'],
        'What becomes of findings in the arguments of this tool.',
      ),
    )
    .optional()
    .describe('Arguments of tools, by name. Default: `mask`.'),
  secretKeys: texts(
    'Names in JSON whose whole value is masked, whatever it looks like. Default: password, passwd, secret, client_secret, api_key, access_token, refresh_token, private_key, ssn.',
    'a list of names',
  ).optional(),
  analyzers: analyzers.optional(),
  numbers: choice(
    ['string', 'zero', 'block'],
    'A bare JSON number that must be masked becomes a text, 0, or stops the exchange. Default: `string`.',
  ).optional(),
}

export const maskingSchema = z
  .strictObject(fields)
  .describe('Masking of sensitive values. Off unless this section is written; routes may differ.')

export const routeMaskingSchema = z
  .union([z.literal('off'), z.strictObject(fields)])
  .describe('`off`, or keys of `masking` that differ on this route.')
  .register(leafNotes, {
    allowed: '`off`, or a section with keys of `masking`',
    why: '',
    secret: false,
  })

export type CheckedMasking = z.output<typeof maskingSchema>
export type CheckedAnalyzers = z.output<typeof analyzers>
export type CheckedOperator = z.output<typeof operatorSchema>
