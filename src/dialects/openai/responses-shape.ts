/** Finds the streamed text of OpenAI responses. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'
import type { ReasoningReading, StreamedText, StreamShape } from '../../model/stream-shape.ts'
import { annotationPlace } from '../text-places.ts'
import { createReasoningBlocks, NO_REASONING } from '../reasoning-blocks.ts'
import type { ReasoningBlocks } from '../reasoning-blocks.ts'
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

const OUTPUT_INDEX = 'output_index'
const PLACES = [OUTPUT_INDEX, 'content_index', 'summary_index'] as const

/** Texts come in deltas and are repeated whole by what ends them and by the last event. */
export function responsesShape(): StreamShape {
  const tools = new Map<string, string>()
  const templates = new Map<string, Template>()
  const blocks = createReasoningBlocks()
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
    offsets: 'code-point',
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
      const reasoning = readReasoning(tape, blocks)
      const annotation = tape.member(tape.root, 'annotation')
      const into = { group: `response.output_text ${at.join(' ')}`, kind: 'delta' }
      const spans =
        type === 'response.output_text.annotation.added'
          ? [{ into, ...annotationPlace(tape, annotation) }]
          : []
      const isKnown = type === 'error' || type.startsWith('response.')
      return { texts, ends, strips, isKnown, reasoning, spans }
    },
    flush: (group, _kind, rest, counting) => {
      const template = templates.get(group)
      const place = template?.[OUTPUT_INDEX]
      const counted =
        typeof place === 'number' ? { [OUTPUT_INDEX]: blocks.numbered(place, counting) } : {}
      return { name: template?.type ?? '', data: { ...template, ...counted, delta: rest } }
    },
  }
}

/** Whether an item of reasoning is encrypted may show only at its end: each of them counts. */
function readReasoning(tape: JsonTape, blocks: ReasoningBlocks): ReasoningReading {
  const item = tape.member(tape.root, 'item')
  const place = tape.member(tape.root, OUTPUT_INDEX)
  if (isReasoning(tape, item)) blocks.add(tape.number(place) ?? -1)
  if (place !== NONE) return blocks.read(tape, place, isSealed(tape, item))
  const output = tape.member(tape.member(tape.root, 'response'), 'output')
  const parts = tape.children(output).filter((one) => isReasoning(tape, one))
  if (parts.length === 0) return NO_REASONING
  return { ...NO_REASONING, parts, isSealed: parts.some((one) => isSealed(tape, one)) }
}

function isReasoning(tape: JsonTape, item: NodeRef): boolean {
  return tape.text(tape.member(item, 'type')) === 'reasoning'
}

function isSealed(tape: JsonTape, item: NodeRef): boolean {
  return isText(tape, tape.member(item, 'encrypted_content'))
}
