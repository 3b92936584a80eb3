/** Finds, in a document, places that point into its own texts: citations and annotations with offsets. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'
import {
  candidatePlaces,
  annotationPlace,
  documentPlace,
  isPlaced,
} from '../../dialects/text-places.ts'
import type { DocumentPlace, PlaceNodes } from '../../dialects/text-places.ts'
import type { OffsetUnit } from '../../model/stream-shape.ts'

export interface PointedText {
  /** Strings that count as one text. */
  readonly texts: readonly NodeRef[]
  readonly unit: OffsetUnit
  readonly spans: readonly PlaceNodes[]
}

export function pointedTexts(tape: JsonTape): readonly PointedText[] {
  const found: PointedText[] = []
  const walk = (node: NodeRef): void => {
    if (tape.kind(node) === 'object') {
      const annotated = annotatedText(tape, node)
      if (annotated !== null) found.push(annotated)
      found.push(...groundedTexts(tape, node))
    }
    for (const child of tape.children(node)) if (tape.kind(child) !== 'string') walk(child)
  }
  walk(tape.root)
  return found.filter(({ spans }) => spans.length > 0)
}

/** OpenAI: `text` or `content`, and `annotations` beside it. */
function annotatedText(tape: JsonTape, holder: NodeRef): PointedText | null {
  const annotations = tape.member(holder, 'annotations')
  if (tape.kind(annotations) !== 'array') return null
  const text = ['text', 'content'].map((key) => tape.member(holder, key)).find((one) => one >= 0)
  if (text === undefined || tape.kind(text) !== 'string') return null
  const spans = tape.children(annotations).map((one) => annotationPlace(tape, one))
  return { texts: [text], unit: 'code-point', spans: spans.filter(isPlaced) }
}

/** Gemini counts bytes: of a part where one is named, else of all text of the candidate. */
function groundedTexts(tape: JsonTape, candidate: NodeRef): readonly PointedText[] {
  const spans = candidatePlaces(tape, candidate)
  if (spans.length === 0) return []
  const parts = tape
    .children(tape.member(tape.member(candidate, 'content'), 'parts'))
    .filter((part) => tape.boolean(tape.member(part, 'thought')) !== true)
  const texts = parts.map((part) => tape.member(part, 'text')).filter((text) => text !== NONE)
  return spans.map(({ part, ...span }) => {
    const own = part === null ? undefined : texts[part]
    return { texts: own === undefined ? texts : [own], unit: 'byte', spans: [span] }
  })
}

/** Citations of Anthropic and Bedrock: they point into documents of the request. */
export function documentPlaces(tape: JsonTape): readonly DocumentPlace[] {
  const found: DocumentPlace[] = []
  const walk = (node: NodeRef): void => {
    for (const key of ['citations', 'documentChar']) {
      const member = tape.member(node, key)
      const places = key === 'citations' ? tape.children(member) : [member]
      for (const place of places) {
        const one = documentPlace(tape, place)
        if (one !== null) found.push(one)
      }
    }
    for (const child of tape.children(node)) if (tape.kind(child) !== 'string') walk(child)
  }
  walk(tape.root)
  return found
}
