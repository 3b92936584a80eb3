/** The transparency log: its health, who holds its checkpoints, verifying. */
import { queryOptions } from '@tanstack/react-query'
import type {
  EvidenceHealth,
  readEvidence,
  verifyEvidence,
} from '../../../src/api/contract/evidence.ts'
import { call } from './client.ts'

export type { EvidenceHealth }
export type Verification = EvidenceHealth['verification']

const HEALTH_MS = 5_000
const RUNNING_MS = 500

export const evidenceQuery = queryOptions({
  queryKey: ['evidence'],
  queryFn: ({ signal }): Promise<EvidenceHealth> =>
    call<typeof readEvidence>('get', '/evidence', { signal }),
  refetchInterval: ({ state }) =>
    state.data?.verification.state === 'running' ? RUNNING_MS : HEALTH_MS,
})

export function verifyNow(): Promise<EvidenceHealth> {
  return call<typeof verifyEvidence>('post', '/evidence/verification', { body: {} })
}
