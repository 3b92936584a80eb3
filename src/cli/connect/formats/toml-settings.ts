/** Edits a TOML file in place: keys of the top and whole tables; what it does not understand to the end is refused. */
import type { Setting, SettingFormat, SettingValue } from './setting-file.ts'
import { readToml } from './toml-text.ts'
import type { TomlStatement } from './toml-text.ts'

/** A text value is a key of the top; an object is the table of that path. */
export const editToml: SettingFormat = (text, settings) => {
  let current = text
  const before: Setting[] = []
  for (const { path, value } of settings) {
    const statements = readToml(current)
    if (typeof statements === 'string') return { kind: 'refused', reason: statements }
    const isTable = path.length > 1
    const edit = isTable
      ? withTable(current, statements, path, value)
      : withKey(current, statements, path[0] ?? '', value)
    if (typeof edit === 'string') return { kind: 'refused', reason: edit }
    before.push({ path, value: edit.before })
    current = edit.text
  }
  return { kind: 'edited', text: current, before: before.toReversed() }
}

interface Edit {
  readonly text: string
  readonly before: Setting['value']
}

function withKey(
  text: string,
  statements: readonly TomlStatement[],
  name: string,
  value: Setting['value'],
): Edit | string {
  if (value !== undefined && typeof value !== 'string') return `${name} is no text`
  const firstTable = statements.findIndex(({ kind }) => kind === 'table')
  const top = firstTable === -1 ? statements : statements.slice(0, firstTable)
  const found = top.find(({ path }) => path.length === 1 && path[0] === name)
  if (found === undefined) {
    if (value === undefined) return { text, before: undefined }
    const line = `${name} = ${quoted(value)}\n`
    const last = top.at(-1)
    if (last !== undefined) {
      const end = lineEnd(text, last.end)
      const lead = text[end - 1] === '\n' ? '' : '\n'
      return { text: text.slice(0, end) + lead + line + text.slice(end), before: undefined }
    }
    const gap = statements.length === 0 ? '' : '\n'
    return { text: line + gap + text, before: undefined }
  }
  const was = /^"([^"\\]*)"$/.exec(text.slice(found.valueStart, found.end).trim())?.[1]
  if (was === undefined) return `${name} is no plain text`
  if (value === undefined) {
    const end = lineEnd(text, found.end)
    return { text: text.slice(0, found.start) + text.slice(end), before: was }
  }
  return {
    text: text.slice(0, found.valueStart) + quoted(value) + text.slice(found.end),
    before: was,
  }
}

function withTable(
  text: string,
  statements: readonly TomlStatement[],
  path: readonly string[],
  value: Setting['value'],
): Edit | string {
  const isInside = (one: TomlStatement): boolean => path.every((name, at) => one.path[at] === name)
  const mine = statements.filter(isInside)
  if (value === undefined) {
    const [first] = mine
    const last = mine.at(-1)
    if (first === undefined || last === undefined) return { text, before: undefined }
    if (first.kind !== 'table') return `${path.join('.')} is not written as a table`
    const from = statements.indexOf(first)
    if (statements.slice(from, from + mine.length).some((one) => !isInside(one)))
      return `${path.join('.')} is not written in one place`
    const start = text.slice(0, first.start).replace(/\n\n$/, '\n').length
    return { text: text.slice(0, start) + text.slice(lineEnd(text, last.end)), before: undefined }
  }
  if (statements.some((one) => one.kind === 'key' && isAbove(one.path, path)))
    return `${path[0] ?? ''} is written inline`
  if (mine.length > 0) return `${path.join('.')} is there already`
  if (typeof value === 'string') return `${path.join('.')} is no table`
  const lead = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n'
  return { text: text + lead + tableText(path, value), before: undefined }
}

function isAbove(path: readonly string[], below: readonly string[]): boolean {
  return path.length < below.length && path.every((name, at) => name === below[at])
}

function tableText(path: readonly string[], value: Exclude<SettingValue, string>): string {
  const keys: string[] = []
  const tables: string[] = []
  for (const [name, inner] of Object.entries(value)) {
    if (isTable(inner)) tables.push(`\n${tableText([...path, name], inner)}`)
    else keys.push(`${name} = ${literal(inner)}\n`)
  }
  return `[${path.join('.')}]\n${keys.join('')}${tables.join('')}`
}

type Inner = Exclude<SettingValue, string>[string]

function isTable(value: Inner): value is Exclude<SettingValue, string> {
  return typeof value === 'object' && !Array.isArray(value)
}

function literal(value: Exclude<Inner, Exclude<SettingValue, string>>): string {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? quoted(value) : `[${value.map(quoted).join(', ')}]`
}

/** A basic string of TOML has the escapes of JSON. */
const quoted = (value: string): string => JSON.stringify(value)

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}
