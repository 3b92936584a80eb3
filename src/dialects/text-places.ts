/** Where citations of OpenAI and Gemini keep the offsets that point into the answer. */
import type { JsonTape, NodeRef } from '../lib/json/tape.ts'
import { NONE } from '../lib/json/tape.ts'

export interface PlaceNodes {
  /** Numbers; -1 where there is none. */
  readonly start: NodeRef
  readonly end: NodeRef
  /** Repeats what stands there; -1 where nothing does. */
  readonly quote: NodeRef
}

export function annotationPlace(tape: JsonTape, annotation: NodeRef): PlaceNodes {
  const inner = tape.member(annotation, 'url_citation')
  const holder = inner === NONE ? annotation : inner
  return {
    start: numberAt(tape, holder, 'start_index'),
    end: numberAt(tape, holder, 'end_index'),
    quote: NONE,
  }
}

export interface CandidatePlace extends PlaceNodes {
  readonly part: number | null
}

export function candidatePlaces(tape: JsonTape, candidate: NodeRef): readonly CandidatePlace[] {
  const supports = tape.member(tape.member(candidate, 'groundingMetadata'), 'groundingSupports')
  const segments = tape.children(supports).map((support) => {
    const segment = tape.member(support, 'segment')
    return {
      start: numberAt(tape, segment, 'startIndex'),
      end: numberAt(tape, segment, 'endIndex'),
      quote: tape.member(segment, 'text'),
      part: tape.number(tape.member(segment, 'partIndex')),
    }
  })
  const cited = tape.member(candidate, 'citationMetadata')
  const sources = ['citationSources', 'citations'].flatMap((key) =>
    tape.children(tape.member(cited, key)),
  )
  const citations = sources.map((source) => ({
    start: numberAt(tape, source, 'startIndex'),
    end: numberAt(tape, source, 'endIndex'),
    quote: NONE,
    part: null,
  }))
  return [...segments, ...citations].filter(isPlaced)
}

export function isPlaced({ start, end }: PlaceNodes): boolean {
  return start !== NONE || end !== NONE
}

function numberAt(tape: JsonTape, holder: NodeRef, key: string): NodeRef {
  const node = tape.member(holder, key)
  return tape.kind(node) === 'number' ? node : NONE
}

export interface DocumentPlace extends PlaceNodes {
  readonly document: number
}

/** A citation of Anthropic, or the place in one of Bedrock: it points into a document of the request. */
export function documentPlace(tape: JsonTape, place: NodeRef): DocumentPlace | null {
  const [name, from, to] =
    tape.member(place, 'document_index') === NONE
      ? ['documentIndex', 'start', 'end']
      : ['document_index', 'start_char_index', 'end_char_index']
  const document = tape.number(tape.member(place, name ?? ''))
  const start = numberAt(tape, place, from ?? '')
  const end = numberAt(tape, place, to ?? '')
  return document === null || start === NONE ? null : { document, start, end, quote: NONE }
}
