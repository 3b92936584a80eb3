/** Lays environment variables (`CUSTODY_SECTION__KEY`) and flags over what the file says. */
import { z } from 'zod'
import { didYouMean } from '../lib/did-you-mean.ts'
import { isReference } from './reference.ts'
import type { Environment } from './reference.ts'
import { bareSchemas, childSchema, knownKeys, noteOf } from './schema-walk.ts'
import { configSchema } from './schema.ts'

export interface Flags {
  readonly data?: string | undefined
  readonly listen?: string | undefined
  readonly admin?: string | undefined
  readonly config?: string | undefined
}

export interface Overridden {
  readonly value: unknown
  /** Dotted path to `env NAME` or the flag that set it. */
  readonly origins: ReadonlyMap<string, string>
  /** Variables that name no key. */
  readonly unknown: readonly { readonly name: string; readonly hint: string }[]
  readonly warnings: readonly string[]
}

const PREFIX = 'CUSTODY_'
/** Variables of other meaning that share the prefix; Kubernetes injects the second kind for a Service named custody. */
const FOREIGN = /^CUSTODY_(?:CONFIG$|DEBUG$|SERVER$|TOKEN$|SERVICE_|PORT$|PORT_)/

type Tree = Record<string, unknown>

/** `written` is what the file holds; it is not changed. */
export function applyOverrides(written: unknown, env: Environment, flags: Flags): Overridden {
  const tree = isTree(written) ? structuredClone(written) : {}
  if (!isTree(written)) return { value: written, origins: new Map(), unknown: [], warnings: [] }
  const origins = new Map<string, string>()
  const unknown: { name: string; hint: string }[] = []
  const warnings: string[] = []
  for (const name of Object.keys(env).sort()) {
    const text = env[name]
    if (!name.startsWith(PREFIX) || FOREIGN.test(name) || text === undefined || text === '')
      continue
    const path = pathOf(name, tree)
    if (path !== null) {
      place(tree, path, overrideValue(path, name, text))
      origins.set(path.join('.'), `env ${name}`)
    } else if (name.includes('__')) {
      unknown.push({ name, hint: hintFor(name) })
    } else {
      warnings.push(`${name} is set and names no configuration key. ${hintFor(name)}`.trim())
    }
  }
  const flagged = [
    ['storage.folder', '--data', flags.data],
    ['listen', '--listen', flags.listen],
    ['admin', '--admin', flags.admin],
  ] as const
  for (const [path, flag, text] of flagged) {
    if (text === undefined) continue
    place(tree, path.split('.'), text)
    origins.set(path, flag)
  }
  return { value: tree, origins, unknown, warnings }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const plainName = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '')

/** The path that a variable names, or null. Names of entries are matched without case, `_` standing for `-`. */
function pathOf(name: string, tree: Tree): readonly string[] | null {
  let schema: unknown = configSchema
  let at: unknown = tree
  const path: string[] = []
  for (const step of name.slice(PREFIX.length).split('__')) {
    if (step === '') return null
    const keys = knownKeys(schema)
    const existing = isTree(at) || Array.isArray(at) ? Object.keys(at) : []
    const key =
      keys.find((known) => plainName(known) === plainName(step)) ??
      (keys.length > 0
        ? null
        : (existing.find((known) => plainName(known) === plainName(step)) ??
          entryName(schema, step)))
    if (key === null) return null
    schema = childSchema(schema, key)
    if (schema === null) return null
    at =
      isTree(at) || Array.isArray(at) ? Object.getOwnPropertyDescriptor(at, key)?.value : undefined
    path.push(key)
  }
  return path
}

/** A new entry of a record; list entries can be changed and not added. */
function entryName(schema: unknown, step: string): string | null {
  const record = bareSchemas(schema).some((bare) => bare instanceof z.ZodRecord)
  return record ? step.toLowerCase().replaceAll('_', '-') : null
}

function place(tree: Tree, path: readonly string[], value: unknown): void {
  let at: unknown = tree
  for (const step of path.slice(0, -1)) {
    if (!isTree(at) && !Array.isArray(at)) return
    const next: unknown = Object.getOwnPropertyDescriptor(at, step)?.value
    if (!isTree(next) && !Array.isArray(next)) Object.assign(at, { [step]: {} })
    at = Object.getOwnPropertyDescriptor(at, step)?.value
  }
  const last = path.at(-1)
  if ((isTree(at) || Array.isArray(at)) && last !== undefined) Object.assign(at, { [last]: value })
}

/** The text as the key's type wants it. A secret stays in its variable and is referred to. */
function overrideValue(path: readonly string[], name: string, text: string): unknown {
  const schema = path.reduce<unknown>((at, step) => childSchema(at, step), configSchema)
  const secret = noteOf(schema)?.secret === true
  if (secret && text !== 'none' && text !== 'sqlite' && !isReference(text)) return `\${${name}}`
  if (!(schema instanceof z.ZodType)) return text
  return candidates(text).find((candidate) => schema.safeParse(candidate).success) ?? text
}

function candidates(text: string): readonly unknown[] {
  const trimmed = text.trim()
  const list: unknown[] = [text]
  if (/^-?\d+(?:\.\d+)?$/.test(trimmed)) list.push(Number(trimmed))
  if (trimmed === 'true' || trimmed === 'false') list.push(trimmed === 'true')
  const json = jsonOf(trimmed)
  if (json !== undefined) list.push(json)
  list.push(trimmed.split(',').map((part) => part.trim()))
  return list
}

function jsonOf(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

function hintFor(name: string): string {
  const steps = name.slice(PREFIX.length).split('__')
  let schema: unknown = configSchema
  for (const step of steps) {
    const keys = knownKeys(schema)
    const key = keys.find((known) => plainName(known) === plainName(step))
    if (key === undefined) {
      const close = didYouMean(step.replaceAll('_', ''), keys)
      return close === null
        ? `Known here: ${keys.join(', ')}.`
        : `Did you mean ${close.toUpperCase()}?`
    }
    schema = childSchema(schema, key)
  }
  return ''
}
