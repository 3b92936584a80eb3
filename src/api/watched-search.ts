/** The query that a saved search has and that alerts on it watch; a search that cannot be watched is refused. */
import type { SavedViewRow } from '../model/control.ts'
import { parseQuery } from '../model/query/parse.ts'
import { queryProblem } from './filter-query.ts'
import { InvalidRequest } from './problem.ts'

/** Empty where the page was saved as it stood. */
export function searchOf({ query }: Pick<SavedViewRow, 'query'>): string {
  return new URLSearchParams(query).get('q') ?? ''
}

/** Throws `InvalidRequest` for what cannot be read, asks nothing, or is of another page. */
export function watchable({ page, query }: Pick<SavedViewRow, 'page' | 'query'>): string {
  if (page !== 'exchanges')
    throw new InvalidRequest([{ path: 'view', message: 'is no search for exchanges' }])
  const q = searchOf({ query })
  const reading = parseQuery(q)
  if (reading.kind === 'problem') throw new InvalidRequest([queryProblem(reading.problem)])
  if (reading.node === null)
    throw new InvalidRequest([{ path: 'q', message: 'asks nothing: every exchange would match' }])
  return q
}
