/** Puts the film of a conversation together from what has been read of its turns. */
import { useQueries } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Thread } from '../../api/conversations.ts'
import { exchangeQuery } from '../../api/exchanges.ts'
import { shapeOf } from '../conversation/shape.ts'
import type { ThreadContent } from '../conversation/use-thread-content.ts'
import type { Film, TurnFacts } from './film.ts'
import { filmOf } from './film.ts'

export function useFilm(thread: Thread, { ofTurn }: ThreadContent): Film {
  const read = [...ofTurn.keys()]
  const details = useQueries({
    queries: read.map((id) => ({ ...exchangeQuery(id), staleTime: Number.POSITIVE_INFINITY })),
    combine: (results) => results.map(({ data }) => data),
  })
  return useMemo(() => {
    const facts = new Map<string, TurnFacts>(
      read.map((id, at) => [id, { content: ofTurn.get(id)?.data, detail: details[at] }]),
    )
    const contexts = [...facts].flatMap(([id, { content }]) =>
      content === undefined ? [] : [[id, content.request.blocks] as const],
    )
    return filmOf(shapeOf(thread, new Map(contexts)), facts)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `read` is made of `ofTurn`
  }, [thread, ofTurn, details])
}
