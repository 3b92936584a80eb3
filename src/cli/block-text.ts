/** Makes one block of a context window readable: the text of a message, a call, a result, the name of a tool. */
import { listAt, parseLoose, textAt, valueAt } from '../dialects/loose-json.ts'
import type { BlockRole } from '../model/dialect.ts'
import { bytesText } from './output.ts'

/** Members that hold what someone wrote, in the order they are shown. */
const TEXT_MEMBERS = [
  'reasoning_content',
  'thinking',
  'summary',
  'text',
  'content',
  'parts',
  'output',
  'refusal',
  'toolResult',
]
/** Members that hold a call of their own: `{ functionCall: { name, args } }`. */
const CALL_MEMBERS = ['function', 'custom', 'functionCall', 'function_call', 'toolUse']
/** Texts without white space above this are data (images, signatures). */
const DATA_LENGTH_MIN = 512

/** Total: what is not understood is shown as its JSON or as it is. Not yet safe to show. */
export function blockText(bytes: Buffer, role: BlockRole): string {
  const text = bytes.toString('utf8')
  const json = parseLoose(text)
  if (json === null) return text
  return role === 'tool-definition' ? toolText(json) : readable(json)
}

function readable(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return joined(value.map(readable))
  if (typeof value !== 'object' || value === null) return String(value)
  const texts = TEXT_MEMBERS.flatMap((key) => {
    const member = valueAt(value, key)
    return member === undefined || member === null ? [] : [readable(member)]
  })
  const calls = [value, ...listAt(value, 'tool_calls')].flatMap(callTexts)
  const all = joined([...texts, ...calls])
  return all === '' ? compact(value) : all
}

function callTexts(value: unknown): readonly string[] {
  const called = CALL_MEMBERS.map((key) => valueAt(value, key)).find(
    (member) => textAt(member, 'name') !== null,
  )
  const call =
    called ?? (/(?:tool_use|_call)$/.test(textAt(value, 'type') ?? '') ? value : undefined)
  const name = textAt(call, 'name')
  if (name === null) return []
  const given = valueAt(call, 'arguments') ?? valueAt(call, 'input') ?? valueAt(call, 'args') ?? ''
  return [`call ${name}(${typeof given === 'string' ? given : compact(given)})`]
}

function toolText(json: unknown): string {
  const tool =
    CALL_MEMBERS.map((key) => valueAt(json, key)).find(
      (member) => textAt(member, 'name') !== null,
    ) ??
    valueAt(json, 'toolSpec') ??
    json
  const name = textAt(tool, 'name') ?? textAt(tool, 'type')
  if (name === null) return compact(json)
  const [summary = ''] = (textAt(tool, 'description') ?? '').trim().split('\n')
  return summary === '' ? name : `${name}: ${summary}`
}

const joined = (texts: readonly string[]): string => texts.filter((text) => text !== '').join('\n')

function compact(value: unknown): string {
  const shortened = (_key: string, member: unknown): unknown =>
    typeof member === 'string' && member.length > DATA_LENGTH_MIN && !/\s/.test(member)
      ? `${member.slice(0, 32)}… (${bytesText(member.length)})`
      : member
  return JSON.stringify(value, shortened)
}
