/** Held requests: list, read, decide; grants; the requester's page. */
import { queryOptions } from '@tanstack/react-query'
import type {
  Approval,
  ApprovalCard,
  Grant,
  RequestPage,
  decideApproval,
  listApprovals,
  listGrants,
  readApproval,
  readRequestPage,
  reviewApproval,
  revokeGrant,
} from '../../../src/api/contract/approvals.ts'
import { apiUrl, call } from './client.ts'
import type { CallInput } from './client.ts'

export type { Approval, ApprovalCard, Grant, RequestPage }
export type Ballot = CallInput<typeof decideApproval>['body']
export type ApprovalList = 'pending' | 'decided' | 'review'

export const approvalsUrl = apiUrl('/approvals/live', {})

export const approvalsQuery = (show: ApprovalList) =>
  queryOptions({
    queryKey: ['approvals', show],
    queryFn: ({ signal }): Promise<{ items: Approval[]; next: string | null }> =>
      call<typeof listApprovals>('get', '/approvals', { query: { show, limit: 100 }, signal }),
  })

/** Each reading is evidence, and the excerpts do not change: it is read once. */
export const cardQuery = (id: string) =>
  queryOptions({
    queryKey: ['approval-card', id],
    queryFn: ({ signal }): Promise<ApprovalCard> =>
      call<typeof readApproval>('get', '/approvals/{id}', { params: { id }, signal }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })

export const grantsQuery = queryOptions({
  queryKey: ['grants'],
  queryFn: ({ signal }): Promise<{ items: Grant[]; next: string | null }> =>
    call<typeof listGrants>('get', '/grants', { query: { active: 'true', limit: 100 }, signal }),
})

export const requestPageQuery = (page: string) =>
  queryOptions({
    queryKey: ['request-page', page],
    queryFn: ({ signal }): Promise<RequestPage> =>
      call<typeof readRequestPage>('get', '/requests/{page}', { params: { page }, signal }),
    refetchInterval: 3_000,
  })

export function decide(id: string, body: Ballot): Promise<Approval> {
  return call<typeof decideApproval>('post', '/approvals/{id}/decide', { params: { id }, body })
}

export function closeReview(id: string, note: string): Promise<Approval> {
  return call<typeof reviewApproval>('post', '/approvals/{id}/review', {
    params: { id },
    body: { note },
  })
}

export function endGrant(id: string): Promise<Grant> {
  return call<typeof revokeGrant>('post', '/grants/{id}/revoke', { params: { id } })
}
