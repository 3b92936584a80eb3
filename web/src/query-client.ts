/** The one cache of what the server said: what failed for good is not asked again, and a lost login shows at once. */
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { isApiProblem } from './api/client.ts'

const RETRIES = 2

export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (isApiProblem(error, 401)) client.setQueryData(['me'], null)
      },
    }),
    defaultOptions: {
      queries: {
        retry: (failures, error) =>
          failures < RETRIES && isApiProblem(error) && (error.status === 0 || error.status >= 500),
        refetchOnWindowFocus: false,
      },
    },
  })
  return client
}
