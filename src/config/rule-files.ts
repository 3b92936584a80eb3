/** Reads detector packs: those shipped beside the code, and an operator's own files. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { valueAt } from '../lib/json/loose.ts'
import { readTextFile } from './read-text-file.ts'

const SHIPPED = new URL('../../detectors/', import.meta.url)
/** The largest shipped pack is a quarter of a megabyte. */
const FILE_CHARS_MAX = 4 * 1024 * 1024

let shipped: readonly unknown[] | null = null

/** The packs of this version, parsed once per process. */
export function shippedPacks(): readonly unknown[] {
  shipped ??= readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .map((name): unknown => parse(readFileSync(new URL(name, SHIPPED), 'utf8')))
  return shipped
}

export type RuleFileReading =
  | { readonly kind: 'rules'; readonly rules: readonly unknown[]; readonly macros: unknown }
  | { readonly kind: 'problem'; readonly problem: string }

/** A file holds a list of rules, or a mapping with `rules` and `macros`. */
export function readRuleFile(path: string): RuleFileReading {
  const text = readBounded(path)
  if (text.kind === 'problem') return text
  return readRuleText(text.text)
}

/** The text of such a file; one rule alone counts as a list of it. */
export function readRuleText(text: string): RuleFileReading {
  const document = parsed(text)
  if (Array.isArray(document)) return { kind: 'rules', rules: document, macros: {} }
  if (valueAt(document, 'pattern') !== undefined)
    return { kind: 'rules', rules: [document], macros: {} }
  const rules = valueAt(document, 'rules')
  if (!Array.isArray(rules))
    return { kind: 'problem', problem: 'the file holds no list of rules in well-formed YAML' }
  return { kind: 'rules', rules, macros: valueAt(document, 'macros') ?? {} }
}

export type TermFileReading =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'problem'; readonly problem: string }

/** One term per line; empty lines and lines that begin with `#` count for nothing. */
export function readTermFile(path: string): TermFileReading {
  const text = readBounded(path)
  if (text.kind === 'problem') return text
  const words = text.text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  return { kind: 'words', words }
}

type BoundedText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly problem: string }

function readBounded(path: string): BoundedText {
  const reading = readTextFile(path)
  if (reading.kind === 'unread') return { kind: 'problem', problem: `the file ${reading.fault}` }
  if (reading.text.length > FILE_CHARS_MAX)
    return { kind: 'problem', problem: 'the file is too large' }
  return reading
}

/** Undefined when the text is not well-formed; the parser's own words could quote it. */
function parsed(text: string): unknown {
  try {
    const document: unknown = parse(text, { maxAliasCount: 0 })
    return document
  } catch {
    return undefined
  }
}
