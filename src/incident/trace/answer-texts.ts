/** The texts of an answer as a reader sees them, put together from its stream. */
import type { ReadableAnswer } from '../answer-reading.ts'
import { textOf } from './encoded-text.ts'
import { TEXT_BYTES_MAX } from './texts-of.ts'

/** Tool arguments are texts of their own. An answer that no dialect reads is one text. */
export function answerTexts({ pieces, read }: ReadableAnswer): readonly string[] {
  const body = Buffer.concat(pieces)
  const view = read(body)
  if (view !== null) {
    const calls = view.toolCalls.map((call) => call.arguments)
    const texts = [view.text, view.reasoning, view.refusal, ...calls, view.error ?? '']
    const said = texts.filter((text) => text !== '')
    if (said.length > 0) return said
  }
  const text = textOf(body.subarray(0, TEXT_BYTES_MAX))
  return text === null || text === '' ? [] : [text]
}
