/** What a guided run remembers of the question while the page is open: in the memory of this tab, and nowhere else. */
import { useQuery } from '@tanstack/react-query'
import type { QueryClient } from '@tanstack/react-query'
import type { TraceAnswer } from '../../api/trace.ts'

export interface Asked {
  readonly text: string
  readonly answer: TraceAnswer
}

const keyOf = (id: string) => ['run', id, 'asked'] as const
const KEPT_MS = 30 * 60_000

export function remember(client: QueryClient, id: string, asked: Asked): void {
  client.setQueryDefaults(keyOf(id), { gcTime: KEPT_MS, staleTime: Number.POSITIVE_INFINITY })
  client.setQueryData(keyOf(id), asked)
}

/** Null after a reload: then the case says what was found, and the text can be pasted again. */
export function useAsked(id: string): Asked | null {
  const { data } = useQuery<Asked>({
    queryKey: keyOf(id),
    queryFn: () => Promise.reject(new Error('it is only remembered')),
    enabled: false,
  })
  return data ?? null
}
