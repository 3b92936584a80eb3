/** Makes one part of a context window readable: what was said, a call, a result, the name of a tool. */
import { parseLoose, textAt, valueAt } from '../lib/json/loose.ts'
import type { BlockPart } from '../incident/block-parts.ts'
import { bytesText } from './output.ts'

/** Texts without white space above this are data (images, signatures). */
const DATA_LENGTH_MIN = 512

/** Total. Not yet safe to show. */
function partText(part: BlockPart): string {
  const { kind, text, name } = part
  switch (kind) {
    case 'text':
    case 'reasoning':
    case 'tool-result':
      return text
    case 'tool-call':
      return `call ${name ?? '?'}(${text})`
    case 'tool-definition':
      return toolText(text, name)
    case 'media':
      return `(${name ?? 'media'}${text === '' ? ', sent as data' : `: ${text}`})`
    case 'json':
      return compact(text)
  }
}

/** All parts of one block, one below the other. */
export function partsText(parts: readonly BlockPart[]): string {
  return parts
    .map(partText)
    .filter((text) => text !== '')
    .join('\n')
}

/** A definition that is masked is no JSON: then its name is all there is. */
function toolText(text: string, name: string | null): string {
  if (name === null) return compact(text)
  const json = parseLoose(text)
  const described = [json, ...['function', 'custom', 'toolSpec'].map((key) => valueAt(json, key))]
  const description = described.map((one) => textAt(one, 'description')).find((one) => one !== null)
  const [summary = ''] = (description ?? '').trim().split('\n')
  return summary === '' ? name : `${name}: ${summary}`
}

function compact(json: string): string {
  const value = parseLoose(json)
  if (value === null) return json
  const shortened = (_key: string, member: unknown): unknown =>
    typeof member === 'string' && member.length > DATA_LENGTH_MIN && !/\s/.test(member)
      ? `${member.slice(0, 32)}… (${bytesText(member.length)})`
      : member
  return JSON.stringify(value, shortened)
}
