/** The keys of the evidence, by their ids, and the steps that changed them. */
import { queryOptions } from '@tanstack/react-query'
import type {
  KeyringHistory,
  KeyringStatus,
  listKeyringSteps,
  readKeyring,
} from '../../../src/api/contract/keyring.ts'
import { call } from './client.ts'

export type { KeyringStatus }
export type KeyringEvent = KeyringHistory['items'][number]

const EVERY_MS = 10_000

export const keyringQuery = queryOptions({
  queryKey: ['keyring'],
  queryFn: ({ signal }) => call<typeof readKeyring>('get', '/keyring', { signal }),
  refetchInterval: EVERY_MS,
})

export const keyringStepsQuery = queryOptions({
  queryKey: ['keyring', 'steps'],
  queryFn: ({ signal }) => call<typeof listKeyringSteps>('get', '/keyring/steps', { signal }),
  refetchInterval: EVERY_MS,
})
