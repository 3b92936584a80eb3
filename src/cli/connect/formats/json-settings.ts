/** Edits a JSON file in place: only the text of the named settings changes; comments and double keys are refused. */
import type { Setting, SettingFormat } from './setting-file.ts'
import { readJsonText } from './json-text.ts'
import type { JsonMember, JsonText } from './json-text.ts'

export const editJson: SettingFormat = (text, settings) => {
  let current = text.trim() === '' ? '{}\n' : text
  const before: Setting[] = []
  for (const setting of settings) {
    const root = readJsonText(current)
    if (typeof root === 'string') return { kind: 'refused', reason: root }
    if (root.members === null) return { kind: 'refused', reason: 'it holds no JSON object' }
    const edit = withSetting(current, root, setting)
    if (typeof edit === 'string') return { kind: 'refused', reason: edit }
    before.push({ path: setting.path, value: edit.before })
    current = edit.text
  }
  return { kind: 'edited', text: current, before: before.toReversed() }
}

interface Edit {
  readonly text: string
  readonly before: Setting['value']
}

function withSetting(text: string, root: JsonText, { path, value }: Setting): Edit | string {
  let node = root
  const chain: JsonMember[] = []
  for (const [depth, name] of path.entries()) {
    const { members } = node
    if (members === null) return `${path.slice(0, depth).join('.')} is no object`
    const member = members.find((one) => one.name === name)
    if (member === undefined) {
      if (value === undefined) return { text, before: undefined }
      return { text: inserted(text, node, path.slice(depth), value), before: undefined }
    }
    chain.push(member)
    node = member.value
  }
  const last = chain.at(-1)
  if (last === undefined) return 'a setting has no name'
  const before = settingValue(text.slice(node.start, node.end))
  if (before === null) return `${path.join('.')} is neither a text nor an object`
  if (value === undefined) {
    const parent = chain.length < 2 ? root : (chain.at(-2)?.value ?? root)
    return { text: removed(text, parent, last), before }
  }
  const indent = indentOf(text, last.keyStart)
  return {
    text: text.slice(0, node.start) + rendered(value, indent) + text.slice(node.end),
    before,
  }
}

function settingValue(json: string): Exclude<Setting['value'], undefined> | null {
  const value: unknown = JSON.parse(json)
  if (typeof value === 'string') return value
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: it is written back as it was read
  return isObject ? (value as Exclude<Setting['value'], undefined>) : null
}

/** At the end of the object, in the style of its other members. */
function inserted(
  text: string,
  object: JsonText,
  path: readonly string[],
  value: NonNullable<Setting['value']>,
): string {
  const [name = '', ...rest] = path
  const nested = rest.reduceRight<NonNullable<Setting['value']>>(
    (inner, key) => ({ [key]: inner }),
    value,
  )
  const last = object.members?.at(-1)
  if (last !== undefined) {
    const lead = text.slice(lineLeadStart(text, last.keyStart), last.keyStart)
    const indent = indentOf(text, last.keyStart)
    const member = `,${lead}${JSON.stringify(name)}: ${rendered(nested, indent)}`
    return text.slice(0, last.value.end) + member + text.slice(last.value.end)
  }
  const outer = indentOf(text, object.start)
  const inner = `${outer}${STEP}`
  const body = `{\n${inner}${JSON.stringify(name)}: ${rendered(nested, inner)}\n${outer}}`
  return text.slice(0, object.start) + body + text.slice(object.end)
}

const STEP = '  '

function removed(text: string, parent: JsonText, member: JsonMember): string {
  const members = parent.members ?? []
  const at = members.indexOf(member)
  if (members.length === 1) return `${text.slice(0, parent.start)}{}${text.slice(parent.end)}`
  const next = members[at + 1]
  if (next !== undefined) return text.slice(0, member.keyStart) + text.slice(next.keyStart)
  const beforeEnd = members[at - 1]?.value.end ?? member.keyStart
  return text.slice(0, beforeEnd) + text.slice(member.value.end)
}

function rendered(value: NonNullable<Setting['value']>, indent: string): string {
  return JSON.stringify(value, null, STEP).replaceAll('\n', `\n${indent}`)
}

/** Blanks in front of what begins a line; empty where something else stands before it. */
function indentOf(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

/** Where the white space before `at` begins. */
function lineLeadStart(text: string, at: number): number {
  let start = at
  while (start > 0 && /\s/.test(text[start - 1] ?? '')) start -= 1
  return start
}
