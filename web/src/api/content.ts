/** Content of one exchange, masked or revealed, and reveals. What was revealed is not kept once nobody looks at it. */
import { queryOptions } from '@tanstack/react-query'
import type {
  AssembledAnswer as AssembledAnswerSchema,
  Content,
  ContentBlock,
  ContentPart,
  RawBytes,
  Replay,
  ReplayStep,
  Reveal,
  createReveal,
  endReveal,
  readContent,
  readRaw,
  readReplay,
} from '../../../src/api/contract/content.ts'
import type { z } from 'zod'
import { call } from './client.ts'

export type { Content, ContentBlock, ContentPart, RawBytes, Replay, ReplayStep, Reveal }
export type AssembledAnswer = z.infer<typeof AssembledAnswerSchema>
export type Mode = Content['mode']
export type Part = RawBytes['part']
/** As it came to the gateway, or as it left it. */
export type Side = Content['side']

const STEPS_PER_PAGE = 2_000
/** Longer answers are replayed up to here; their raw bytes are all there. */
export const STEPS_MAX = 40_000

const keptMs = (mode: Mode): number => (mode === 'revealed' ? 0 : 60_000)

export function contentQuery(id: string, mode: Mode, side: Side = 'received') {
  return queryOptions({
    queryKey: ['exchange', id, 'content', mode, side],
    queryFn: ({ signal }): Promise<Content> =>
      call<typeof readContent>('get', '/exchanges/{id}/content', {
        signal,
        params: { id },
        query: { mode, side },
      }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: keptMs(mode),
  })
}

export function replayQuery(id: string, mode: Mode, side: Side = 'received') {
  return queryOptions({
    queryKey: ['exchange', id, 'replay', mode, side],
    queryFn: async ({ signal }): Promise<Replay> => {
      const steps: ReplayStep[] = []
      let cursor: string | null = null
      for (;;) {
        const page: Replay = await call<typeof readReplay>('get', '/exchanges/{id}/replay', {
          signal,
          params: { id },
          query: { mode, side, limit: STEPS_PER_PAGE, ...(cursor === null ? {} : { cursor }) },
        })
        steps.push(...page.steps)
        cursor = page.next
        if (cursor === null || steps.length >= STEPS_MAX) return { ...page, steps }
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: keptMs(mode),
  })
}

export function rawQuery(
  id: string,
  part: Part,
  view: {
    readonly mode: Mode
    readonly side: Side
    readonly offset: number
    readonly decoded: boolean
  },
) {
  return queryOptions({
    queryKey: ['exchange', id, 'raw', part, view],
    queryFn: ({ signal }): Promise<RawBytes> =>
      call<typeof readRaw>('get', '/exchanges/{id}/raw/{part}', {
        signal,
        params: { id, part },
        query: {
          mode: view.mode,
          side: view.side,
          offset: view.offset,
          decoded: view.decoded ? 'true' : 'false',
        },
      }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: keptMs(view.mode),
  })
}

/** One exchange by its id, or all of a declared conversation. */
export type Revealed = string | { readonly conversation: string }

export function openReveal(of: Revealed, reason: string, minutes: number): Promise<Reveal> {
  return call<typeof createReveal>('post', '/reveals', {
    body: {
      scope:
        typeof of === 'string'
          ? { kind: 'exchange', exchangeId: of }
          : { kind: 'query', filter: of },
      reason,
      minutes,
    },
  })
}

export function closeReveal(id: string): Promise<undefined> {
  return call<typeof endReveal>('delete', '/reveals/{id}', { params: { id } })
}
