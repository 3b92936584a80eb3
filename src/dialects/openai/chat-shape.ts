/** Finds the streamed text of OpenAI chat completions and completions, and of every server that speaks them. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'
import type { StreamedText, StreamShape, TextSpan } from '../../model/stream-shape.ts'
import { annotationPlace } from '../text-places.ts'
import { NO_REASONING } from '../reasoning-blocks.ts'
import { indexText, isText, repeatsNothing, streamedText } from '../stream-text.ts'

export function chatShape(): StreamShape {
  let head: Readonly<Record<string, unknown>> = {}
  const tools = new Map<string, string>()
  const toolTexts = (tape: JsonTape, group: string, calls: NodeRef): StreamedText[] =>
    [...tape.children(calls)].flatMap((call) => {
      const kind = `tool ${indexText(tape, call, 'index')}`
      const called = tape.member(call, 'function')
      const name = tape.text(tape.member(called, 'name'))
      if (name !== null) tools.set(`${group} ${kind}`, name)
      const node = tape.member(called, 'arguments')
      const tool = tools.get(`${group} ${kind}`) ?? ''
      return isText(tape, node) ? [streamedText(node, group, kind, { isJson: true, tool })] : []
    })
  const deltaTexts = (tape: JsonTape, group: string, delta: NodeRef): StreamedText[] =>
    [...tape.children(delta)].flatMap((member) => {
      const key = tape.keyOf(member) ?? ''
      if (key === 'tool_calls') return toolTexts(tape, group, member)
      return isText(tape, member) && key !== 'role' ? [streamedText(member, group, key)] : []
    })
  return {
    repeats: repeatsNothing,
    offsets: 'code-point',
    read: (tape) => {
      const texts: StreamedText[] = []
      const ends: string[] = []
      const strips: NodeRef[] = []
      const details: NodeRef[] = []
      const spans: TextSpan[] = []
      const choices = tape.member(tape.root, 'choices')
      for (const key of ['id', 'object', 'model'])
        head = { ...head, [key]: tape.text(tape.member(tape.root, key)) ?? head[key] ?? '' }
      head = { ...head, created: tape.number(tape.member(tape.root, 'created')) ?? 0 }
      for (const choice of tape.children(choices)) {
        const group = indexText(tape, choice, 'index')
        texts.push(...deltaTexts(tape, group, tape.member(choice, 'delta')))
        // Routers repeat reasoning here, signed or encrypted as its provider made it.
        const detail = tape.member(tape.member(choice, 'delta'), 'reasoning_details')
        if (tape.firstChild(detail) !== NONE) details.push(detail)
        for (const one of tape.children(tape.member(tape.member(choice, 'delta'), 'annotations')))
          spans.push({ into: { group, kind: 'content' }, ...annotationPlace(tape, one) })
        const plain = tape.member(choice, 'text')
        if (isText(tape, plain)) texts.push(streamedText(plain, group, 'completion'))
        if (isText(tape, tape.member(choice, 'finish_reason'))) ends.push(group)
        const odds = tape.member(choice, 'logprobs')
        if (tape.kind(odds) === 'object') strips.push(odds)
      }
      const isKnown =
        tape.kind(choices) === 'array' || tape.kind(tape.member(tape.root, 'error')) !== null
      const reasoning = details.length === 0 ? NO_REASONING : { ...NO_REASONING, parts: details }
      return { texts, ends, strips, isKnown, reasoning, spans }
    },
    flush: (group, kind, rest) => {
      const index = Number(group)
      const choice = { index, text: rest, finish_reason: null, logprobs: null }
      if (kind === 'completion') return { name: '', data: { ...head, choices: [choice] } }
      const tool = /^tool (\d+)$/.exec(kind)
      const delta =
        tool === null
          ? { [kind]: rest }
          : { tool_calls: [{ index: Number(tool[1]), function: { arguments: rest } }] }
      return { name: '', data: { ...head, choices: [{ index, delta, finish_reason: null }] } }
    },
  }
}
