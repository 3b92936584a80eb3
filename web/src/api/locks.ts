/** Locks: list, preview, set, release. */
import { queryOptions } from '@tanstack/react-query'
import type {
  Lock,
  LockPreview,
  NewLock,
  SetLock,
  createLock,
  listLocks,
  previewLock,
  releaseLock,
} from '../../../src/api/contract/locks.ts'
import { call } from './client.ts'

export type { Lock, LockPreview, NewLock, SetLock }
export type LockSubject = Pick<NewLock, 'kind' | 'value'>

export const locksQuery = (which: 'held' | 'all') =>
  queryOptions({
    queryKey: ['locks', which],
    queryFn: ({ signal }): Promise<{ items: Lock[] }> =>
      call<typeof listLocks>('get', '/locks', { query: { which }, signal }),
    refetchInterval: 5_000,
  })

export const lockPreviewQuery = ({ kind, value }: LockSubject) =>
  queryOptions({
    queryKey: ['locks', 'preview', kind, value],
    queryFn: ({ signal }): Promise<LockPreview> =>
      call<typeof previewLock>('get', '/locks/preview', { query: { kind, value }, signal }),
    enabled: value.trim() !== '',
  })

export function setLock(wish: NewLock): Promise<SetLock> {
  return call<typeof createLock>('post', '/locks', { body: wish })
}

export function endLock(id: string, reason: string): Promise<Lock> {
  return call<typeof releaseLock>('post', '/locks/{id}/release', {
    params: { id },
    body: { reason },
  })
}
