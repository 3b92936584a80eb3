/** Cases: what is investigated, with members and entries. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { z } from 'zod'
import type {
  Case,
  CaseEntry,
  CaseFile,
  NewCaseEntry as NewCaseEntrySchema,
  addCaseEntry,
  addCaseMember,
  changeCaseEntry,
  createCase,
  listCases,
  readCase,
  removeCaseEntry,
  removeCaseMember,
  updateCase,
} from '../../../src/api/contract/cases.ts'
import { call } from './client.ts'

export type { Case, CaseEntry, CaseFile }
export type EntryWish = z.input<typeof NewCaseEntrySchema>
type CasePage = { items: Case[]; next: string | null }

export const casesQuery = infiniteQueryOptions({
  queryKey: ['cases'],
  queryFn: ({ signal, pageParam }): Promise<CasePage> =>
    call<typeof listCases>('get', '/cases', {
      signal,
      query: pageParam === '' ? {} : { cursor: pageParam },
    }),
  initialPageParam: '',
  getNextPageParam: ({ next }) => next ?? undefined,
})

/** Cases that are not closed, for choosing one. */
export const openCasesQuery = queryOptions({
  queryKey: ['cases', 'choice'],
  queryFn: ({ signal }): Promise<CasePage> =>
    call<typeof listCases>('get', '/cases', { signal, query: { limit: 100 } }),
})

export function casesOfExchangeQuery(exchange: string) {
  return queryOptions({
    queryKey: ['cases', 'of', exchange],
    queryFn: ({ signal }): Promise<CasePage> =>
      call<typeof listCases>('get', '/cases', { signal, query: { exchange } }),
  })
}

export function caseQuery(id: string) {
  return queryOptions({
    queryKey: ['case', id],
    queryFn: ({ signal }): Promise<CaseFile> =>
      call<typeof readCase>('get', '/cases/{id}', { signal, params: { id } }),
  })
}

export interface CaseWish {
  readonly title: string
  readonly question: string
  readonly severity: Case['severity']
  readonly tlp: Case['tlp']
  readonly sealed: boolean
}

export function openCase(wish: CaseWish): Promise<Case> {
  return call<typeof createCase>('post', '/cases', { body: wish })
}

export function changeCase(
  known: Case,
  change: Partial<Pick<Case, 'title' | 'question' | 'status' | 'severity' | 'tlp' | 'sealed'>>,
): Promise<Case> {
  return call<typeof updateCase>('patch', '/cases/{id}', {
    params: { id: known.id },
    ifMatch: known.etag,
    body: change,
  })
}

export function addEntry(id: string, entry: EntryWish): Promise<CaseEntry> {
  return call<typeof addCaseEntry>('post', '/cases/{id}/entries', { params: { id }, body: entry })
}

export function changeEntry(
  id: string,
  entry: CaseEntry,
  change: { text?: string; isDone?: boolean },
): Promise<CaseEntry> {
  return call<typeof changeCaseEntry>('patch', '/cases/{id}/entries/{entry}', {
    params: { id, entry: entry.id },
    ifMatch: entry.etag,
    body: change,
  })
}

export function takeBackEntry(id: string, entry: CaseEntry): Promise<undefined> {
  return call<typeof removeCaseEntry>('delete', '/cases/{id}/entries/{entry}', {
    params: { id, entry: entry.id },
    ifMatch: entry.etag,
  })
}

export function letIn(id: string, login: string): Promise<undefined> {
  return call<typeof addCaseMember>('post', '/cases/{id}/members', {
    params: { id },
    body: { login },
  })
}

export function takeOut(id: string, person: string): Promise<undefined> {
  return call<typeof removeCaseMember>('delete', '/cases/{id}/members/{person}', {
    params: { id, person },
  })
}
