/** Entity pages, and findings grouped by value. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type {
  Entity,
  FindingGroup,
  listFindingGroups,
  readEntity,
} from '../../../src/api/contract/entities.ts'
import { call } from './client.ts'
import type { Filters } from './exchanges.ts'

export type { Entity, FindingGroup }
export type EntityKind = Entity['kind']

export const entityQuery = (kind: EntityKind, value: string) =>
  queryOptions({
    queryKey: ['entity', kind, value],
    queryFn: ({ signal }): Promise<Entity> =>
      call<typeof readEntity>('get', '/entities', { signal, query: { kind, value } }),
  })

export const FINDING_GROUPS = 100

export const findingGroupsQuery = (filters: Filters) =>
  queryOptions({
    queryKey: ['findings', filters],
    queryFn: ({ signal }): Promise<{ items: FindingGroup[] }> =>
      call<typeof listFindingGroups>('get', '/findings', {
        signal,
        query: { ...filters, limit: FINDING_GROUPS },
      }),
    placeholderData: keepPreviousData,
  })
