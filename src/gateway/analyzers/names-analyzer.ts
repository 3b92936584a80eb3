/** Names and places by `compromise`, in one thread that is started with the first question. */
import { Worker } from 'node:worker_threads'
import { threadScript } from '../../lib/thread-script.ts'
import type { AnalyzedSpan, Analyzer } from './analyzer.ts'
import type { NamesAnswer, NamesQuestion } from './names-thread.ts'
import { cutSentences } from './sentences.ts'

interface Waiting {
  readonly resolve: (found: readonly (readonly AnalyzedSpan[])[]) => void
  readonly reject: (error: Error) => void
}

export function createNamesAnalyzer(): Analyzer {
  let worker: Worker | null = null
  let asked = 0
  const waiting = new Map<number, Waiting>()

  const lost = (gone: Worker): void => {
    if (worker !== gone) return
    worker = null
    for (const { reject } of waiting.values()) reject(new Error('the thread for names ended'))
    waiting.clear()
  }
  const started = (): Worker => {
    const script = threadScript('names-thread', import.meta)
    const thread = new Worker(script)
    thread.unref()
    thread.on('message', (said: NamesAnswer) => {
      const waits = waiting.get(said.id)
      waiting.delete(said.id)
      if (waiting.size === 0) thread.unref()
      if (said.kind === 'analyzed') waits?.resolve(said.found)
      else waits?.reject(new Error('names could not be looked for'))
    })
    thread.on('error', () => lost(thread))
    thread.on('exit', () => lost(thread))
    return thread
  }
  const post = (question: NamesQuestion): void => {
    worker ??= started()
    worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(question)
  }
  return {
    analyze: async (texts, { entities, threshold }, signal) => {
      const pieces = texts.map((text) => cutSentences(text))
      asked += 1
      const id = asked
      const found = await new Promise<readonly (readonly AnalyzedSpan[])[]>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        post({ kind: 'analyze', id, texts: pieces.flatMap((one) => one.map(({ text }) => text)) })
        signal.addEventListener('abort', () => {
          if (!waiting.delete(id)) return
          post({ kind: 'cancel', id })
          if (waiting.size === 0) worker?.unref()
          reject(new Error('names were not looked for in time'))
        })
      })
      const isAsked = ({ entity, score }: AnalyzedSpan): boolean =>
        score >= threshold && entities.includes(entity)
      let next = 0
      return pieces.map((sentences) =>
        sentences.flatMap(({ start }) => {
          const spans = found[next] ?? []
          next += 1
          return spans
            .filter(isAsked)
            .map((span) => ({ ...span, start: span.start + start, end: span.end + start }))
        }),
      )
    },
    [Symbol.asyncDispose]: async () => {
      await worker?.terminate()
    },
  }
}
