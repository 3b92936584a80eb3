/** Numbers of the things that postings point at: blocks and lists by the beginning of their id, exchanges by their number. */

export const BLOCK_DIGITS = 13
const EXCHANGES = 2 ** 52

export type ExchangePart = 'answer' | 'upload'

export type TracedDocument =
  /** The first 52 bits of the ids that it may be. */
  | { readonly kind: 'block'; readonly prefix: string }
  | { readonly kind: 'exchange'; readonly number: number; readonly part: ExchangePart }

/** Also of lists: ids are keyed digests, so the first 52 bits tell them apart as well as all would. */
export function blockDocument(id: string): number {
  return Number.parseInt(id.slice(0, BLOCK_DIGITS), 16)
}

export function exchangeDocument(number: number, part: ExchangePart): number {
  return EXCHANGES + number * 2 + (part === 'upload' ? 1 : 0)
}

export function readDocument(document: number): TracedDocument {
  if (document < EXCHANGES) {
    return { kind: 'block', prefix: document.toString(16).padStart(BLOCK_DIGITS, '0') }
  }
  const rest = document - EXCHANGES
  return {
    kind: 'exchange',
    number: Math.floor(rest / 2),
    part: rest % 2 === 1 ? 'upload' : 'answer',
  }
}
