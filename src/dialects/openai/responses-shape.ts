/** Finds the streamed text of OpenAI responses. */
import type { JsonTape } from '../../lib/json/tape.ts'
import type { StreamedText, StreamShape } from '../../model/stream-shape.ts'
import { isText, streamedText } from '../stream-text.ts'

const RESPONSE_JSON: ReadonlySet<string> = new Set([
  'response.function_call_arguments',
  'response.mcp_call_arguments',
])
const RESPONSE_END = /^response\.(?:completed|incomplete|failed|cancelled)$/

interface Template {
  readonly type: string
  readonly [field: string]: string | number
}

const PLACES = ['output_index', 'content_index', 'summary_index'] as const

/** Texts come in deltas and are repeated whole by what ends them and by the last event. */
export function responsesShape(): StreamShape {
  const tools = new Map<string, string>()
  const templates = new Map<string, Template>()
  const templateOf = (tape: JsonTape, type: string): Template => ({
    type,
    sequence_number: tape.number(tape.member(tape.root, 'sequence_number')) ?? 0,
    item_id: tape.text(tape.member(tape.root, 'item_id')) ?? '',
    ...Object.fromEntries(
      PLACES.flatMap((key) => {
        const place = tape.number(tape.member(tape.root, key))
        return place === null ? [] : [[key, place]]
      }),
    ),
  })
  return {
    repeats: (key) => {
      if (key === 'arguments') return 'json'
      return key === 'text' || key === 'refusal' || key === 'input' ? 'text' : null
    },
    read: (tape) => {
      const type = tape.text(tape.member(tape.root, 'type')) ?? ''
      const [, base = '', step = ''] = /^(.*)\.(delta|done)$/.exec(type) ?? []
      const at = ['item_id', ...PLACES].map((key) => {
        const node = tape.member(tape.root, key)
        return tape.text(node) ?? String(tape.number(node) ?? '')
      })
      const group = `${base} ${at.join(' ')}`
      if (type === 'response.output_item.added') {
        const item = tape.member(tape.root, 'item')
        tools.set(
          tape.text(tape.member(item, 'id')) ?? '',
          tape.text(tape.member(item, 'name')) ?? '',
        )
      }
      const node = tape.member(tape.root, 'delta')
      const texts: StreamedText[] = []
      if (step === 'delta' && isText(tape, node)) {
        const isJson = RESPONSE_JSON.has(base)
        texts.push(
          streamedText(node, group, 'delta', { isJson, tool: tools.get(at[0] ?? '') ?? '' }),
        )
        templates.set(group, templateOf(tape, type))
      }
      const ends = RESPONSE_END.test(type) ? 'all' : step === 'done' ? [group] : []
      const odds = tape.member(tape.root, 'logprobs')
      const strips = tape.firstChild(odds) === -1 ? [] : [odds]
      return { texts, ends, strips, isKnown: type === 'error' || type.startsWith('response.') }
    },
    flush: (group, _kind, rest) => {
      const template = templates.get(group)
      return { name: template?.type ?? '', data: { ...template, delta: rest } }
    },
  }
}
