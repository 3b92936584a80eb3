/** The guided run. The text that is asked about goes in the body of a call, never into an address, a query key or a history. */
import { queryOptions } from '@tanstack/react-query'
import type {
  RunRule,
  RunSource,
  RunStart,
  RunState,
  RunSubject,
  containCase,
  proposeRule,
  readRun,
  startRun,
  tellCase,
} from '../../../src/api/contract/runs.ts'
import { call } from './client.ts'
import type { AnswerOf, CallInput } from './client.ts'

export type { RunRule, RunSource, RunStart, RunState, RunSubject }
export type Contained = AnswerOf<typeof containCase>
export type ToldNow = AnswerOf<typeof tellCase>

export function beginRun(wish: CallInput<typeof startRun>['body']): Promise<RunStart> {
  return call<typeof startRun>('post', '/runs', { body: wish })
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }): Promise<RunState> =>
      call<typeof readRun>('get', '/cases/{id}/run', { signal, params: { id } }),
  })
}

export function containNow(
  id: string,
  wish: CallInput<typeof containCase>['body'],
): Promise<Contained> {
  return call<typeof containCase>('post', '/cases/{id}/contain', { params: { id }, body: wish })
}

export function tryRule(id: string, wish: CallInput<typeof proposeRule>['body']): Promise<RunRule> {
  return call<typeof proposeRule>('post', '/cases/{id}/rule', { params: { id }, body: wish })
}

export function tellNow(id: string, wish: CallInput<typeof tellCase>['body']): Promise<ToldNow> {
  return call<typeof tellCase>('post', '/cases/{id}/notices', { params: { id }, body: wish })
}
