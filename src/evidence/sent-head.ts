/** Stores the head that was sent upstream by what it shares with the one received, which is nearly everything. */
import type { OpeningFacts, RequestHead } from '../model/record.ts'

/** A header that was passed as it came is the index of its line in the received head. */
type FoldedHeader = number | RequestHead['headers'][number]

export interface FoldedFacts extends Omit<OpeningFacts, 'sent'> {
  readonly sent:
    | (Omit<RequestHead, 'headers'> & { readonly headers: readonly FoldedHeader[] })
    | null
}

export function foldSent(facts: OpeningFacts): FoldedFacts {
  const { received, sent } = facts
  if (sent === null) return { ...facts, sent: null }
  // Headers that pass keep their order, so each is looked for behind the last one found.
  let from = 0
  const headers = sent.headers.map((header): FoldedHeader => {
    for (let at = from; at < received.headers.length; at += 1) {
      const line = received.headers[at]
      if (line?.[0] !== header[0] || line[1] !== header[1]) continue
      from = at + 1
      return at
    }
    return header
  })
  return { ...facts, sent: { ...sent, headers } }
}

export function unfoldSent(folded: FoldedFacts): OpeningFacts {
  const { received, sent } = folded
  if (sent === null) return { ...folded, sent: null }
  const headers = sent.headers.map((header) => {
    const line = typeof header === 'number' ? received.headers[header] : header
    if (line === undefined) throw new Error('a sent header refers to none that was received')
    return line
  })
  return { ...folded, sent: { ...sent, headers } }
}
