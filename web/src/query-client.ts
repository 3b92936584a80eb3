/** The one cache of what the server said: what failed for good is not asked again, and a lost login shows at once. */
import { QueryCache, QueryClient } from '@tanstack/react-query'
import type { Me } from '../../src/api/contract/access.ts'
import { isApiProblem } from './api/client.ts'

const RETRIES = 2

/** Another person, or nobody: nothing of what was seen before stays in the memory of the page. */
export function enter(client: QueryClient, me: Me | null): void {
  client.setQueryData(['me'], me)
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
}

export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (isApiProblem(error, 401)) enter(client, null)
      },
    }),
    defaultOptions: {
      // A gateway on this machine or network answers without the internet.
      mutations: { networkMode: 'always' },
      queries: {
        networkMode: 'always',
        retry: (failures, error) =>
          failures < RETRIES &&
          isApiProblem(error) &&
          (error.status === 0 || error.status === 429 || error.status >= 500),
        refetchOnWindowFocus: false,
      },
    },
  })
  return client
}
