/** The leaves of the schema: each has a description, what is allowed in words, and the reason of its default. */
import { z } from 'zod'
import { formatDuration, formatSize, parseDuration, parseSize } from './quantities.ts'

export interface LeafNote {
  /** Completes "allowed: …". */
  readonly allowed: string
  /** One sentence: why the default is what it is. */
  readonly why: string
  /** True where the value is, or may be, a reference to a secret. */
  readonly secret: boolean
}

/** Notes of leaves, beside the schema so that they stay out of the JSON Schema. */
export const leafNotes = z.registry<LeafNote>()

const TEXT_CHARS_MAX = 4096

interface Quantity {
  readonly is: string | number
  readonly min: number
  readonly max: number
  readonly what: string
  readonly why: string
}

const describe = (leaf: Quantity) => `${leaf.what} ${leaf.why}`

/** A number of milliseconds, written `30s`, `5m`, `1h`, `250ms` or plain. */
export function duration(leaf: Quantity) {
  const allowed = `a duration from ${formatDuration(leaf.min)} to ${formatDuration(leaf.max)}, such as 250ms, 30s, 5m, 1h`
  return z
    .union([z.string().regex(/^[0-9.]+(ms|s|m|h|d)$/), z.int().min(0)])
    .transform((written, context) => within(parseDuration(written), leaf, allowed, context))
    .prefault(leaf.is)
    .describe(describe(leaf))
    .register(leafNotes, { allowed, why: leaf.why, secret: false })
}

/** A duration that may be left out, and then says nothing. */
export function durationIfSaid(leaf: Omit<Quantity, 'is'>) {
  const allowed = `a duration from ${formatDuration(leaf.min)} to ${formatDuration(leaf.max)}, such as 250ms, 30s, 5m, 1h`
  return z
    .union([z.string().regex(/^[0-9.]+(ms|s|m|h|d)$/), z.int().min(0)])
    .transform((written, context) => within(parseDuration(written), leaf, allowed, context))
    .describe(`${leaf.what} ${leaf.why}`)
    .register(leafNotes, { allowed, why: leaf.why, secret: false })
    .optional()
}

/** A number of bytes, written `64KiB`, `100MB` or plain. */
export function size(leaf: Quantity) {
  const allowed = `a size from ${formatSize(leaf.min)} to ${formatSize(leaf.max)}, such as 64KiB, 100MB`
  return z
    .union([z.string().regex(/^[0-9.]+ ?([KMGT]i?)?B$/), z.int().min(0)])
    .transform((written, context) => within(parseSize(written), leaf, allowed, context))
    .prefault(leaf.is)
    .describe(describe(leaf))
    .register(leafNotes, { allowed, why: leaf.why, secret: false })
}

function within(
  amount: number | null,
  leaf: Pick<Quantity, 'min' | 'max'>,
  allowed: string,
  context: z.RefinementCtx,
): number {
  if (amount !== null && amount >= leaf.min && amount <= leaf.max) return amount
  context.addIssue({ code: 'custom', message: `expected ${allowed}` })
  return z.NEVER
}

/** A whole number. */
export function count(leaf: Omit<Quantity, 'is'> & { readonly is: number }) {
  return z
    .int()
    .min(leaf.min)
    .max(leaf.max)
    .prefault(leaf.is)
    .describe(describe(leaf))
    .register(leafNotes, {
      allowed: `a whole number from ${String(leaf.min)} to ${String(leaf.max)}`,
      why: leaf.why,
      secret: false,
    })
}

export function text(what: string, allowed = 'a text') {
  return z
    .string()
    .min(1)
    .max(TEXT_CHARS_MAX)
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })
}

/** A text of a certain shape. */
export function shaped(shape: RegExp, what: string, allowed: string) {
  return z
    .string()
    .regex(shape)
    .describe(what)
    .register(leafNotes, { allowed, why: '', secret: false })
}

/** A reference to a secret; whether it is one is checked when it is resolved, so that the value is never quoted. */
export function reference(what: string, allowed = '`${ENV_NAME}` or `${file:/path}`') {
  return z
    .string()
    .min(1)
    .max(TEXT_CHARS_MAX)
    .describe(`${what} Written as ${allowed}; a literal secret is refused.`)
    .register(leafNotes, { allowed, why: '', secret: true })
}

export function choice<const Names extends readonly [string, ...string[]]>(
  names: Names,
  what: string,
) {
  return z
    .enum(names)
    .describe(what)
    .register(leafNotes, { allowed: names.join(', '), why: '', secret: false })
}

export function flag(what: string, why: string) {
  return z
    .boolean()
    .describe(`${what} ${why}`)
    .register(leafNotes, { allowed: 'true or false', why, secret: false })
}
