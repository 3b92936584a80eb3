/** Looks for names of persons, places and organizations in sentences, in a thread of its own. */
import { parentPort } from 'node:worker_threads'
import nlp from 'compromise'
import type { AnalyzedSpan } from './analyzer.ts'

export type NamesQuestion =
  | { readonly kind: 'analyze'; readonly id: number; readonly texts: readonly string[] }
  | { readonly kind: 'cancel'; readonly id: number }

export type NamesAnswer =
  | {
      readonly kind: 'analyzed'
      readonly id: number
      readonly found: readonly (readonly AnalyzedSpan[])[]
    }
  | { readonly kind: 'failed'; readonly id: number }

/** What the library is right about on a development set; it says nothing of its own certainty. */
const SCORES = { PERSON: 0.7, LOCATION: 0.8, ORGANIZATION: 0.6 } as const

const cancelled = new Set<number>()

interface Place {
  readonly offset?: { readonly start?: number; readonly length?: number }
}

function spansIn(text: string): readonly AnalyzedSpan[] {
  const document = nlp(text)
  const kinds = [
    ['PERSON', document.people()],
    ['LOCATION', document.places()],
    ['ORGANIZATION', document.organizations()],
  ] as const
  return kinds.flatMap(([entity, found]) => {
    const places: readonly Place[] = found.json({ offset: true })
    return places.flatMap(({ offset }) => {
      const span = trimmed(text, offset?.start ?? 0, offset?.length ?? 0)
      return span === null ? [] : [{ ...span, entity, score: SCORES[entity] }]
    })
  })
}

/** The library counts the punctuation around a name in. */
function trimmed(
  text: string,
  start: number,
  length: number,
): { readonly start: number; readonly end: number } | null {
  const said = text.slice(start, start + length)
  const inner = said.replace(/^[\s\p{P}]+/u, '')
  const name = inner.replace(/[\s\p{P}]+$/u, '').replace(/['’]s$/u, '')
  const from = start + said.length - inner.length
  return name === '' ? null : { start: from, end: from + name.length }
}

async function answer(id: number, texts: readonly string[]): Promise<NamesAnswer | null> {
  const found: (readonly AnalyzedSpan[])[] = []
  for (const text of texts) {
    // Between two texts: whoever asked may have given up, and others wait.
    await new Promise((resolve) => setImmediate(resolve))
    if (cancelled.delete(id)) return null
    found.push(spansIn(text))
  }
  return { kind: 'analyzed', id, found }
}

async function take(question: NamesQuestion): Promise<void> {
  if (question.kind === 'cancel') {
    cancelled.add(question.id)
    return
  }
  const { id, texts } = question
  // The message of a fault could quote the text.
  const said = await answer(id, texts).catch((): NamesAnswer => ({ kind: 'failed', id }))
  cancelled.delete(id)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  if (said !== null) parentPort?.postMessage(said)
}

parentPort?.on('message', (question: NamesQuestion) => {
  take(question).catch(() => undefined)
})
