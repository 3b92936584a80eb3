/** Answers `/__received`: what the sandbox got, what it answered byte for byte, and forgetting both. */
import type { WholeAnswer } from './answer.ts'
import { bytesAnswer, jsonAnswer } from './answer.ts'
import type { ReceivedLog } from './received-log.ts'

const CONTROL_PATH = '/__received'
const ANSWER_PATH = /^\/__received\/(\d+)\/answer$/

export interface ControlQuestion {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
}

/** Null when the path is not a control path. */
export function controlAnswer(log: ReceivedLog, question: ControlQuestion): WholeAnswer | null {
  const { method, path, query } = question
  if (!path.startsWith(CONTROL_PATH)) return null
  const seq = ANSWER_PATH.exec(path)?.[1]
  if (method === 'GET' && seq !== undefined) return rawAnswer(log, Number(seq))
  if (path !== CONTROL_PATH) return jsonAnswer({ error: 'no such control path' }, { status: 404 })
  if (method === 'DELETE') {
    log.clear()
    return { ...bytesAnswer('application/json', Buffer.alloc(0)), status: 204 }
  }
  if (method !== 'GET') return jsonAnswer({ error: 'method not allowed' }, { status: 405 })
  const since = Number(query.get('since') ?? 0)
  if (!Number.isSafeInteger(since)) {
    return jsonAnswer({ error: 'since is not a sequence number' }, { status: 400 })
  }
  const answer = jsonAnswer(log.list(since))
  return { ...answer, headers: { ...answer.headers, 'x-sandbox-dropped': String(log.dropped) } }
}

function rawAnswer(log: ReceivedLog, seq: number): WholeAnswer {
  const entry = log.find(seq)
  if (entry === null) return jsonAnswer({ error: 'no such request' }, { status: 404 })
  if (!entry.answer.isKept) return jsonAnswer({ error: 'the answer was not kept' }, { status: 410 })
  const answer = bytesAnswer('application/octet-stream', entry.answer.content())
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'x-answer-status': String(entry.status ?? 0),
      'x-answer-headers': JSON.stringify(entry.answerHeaders),
    },
  }
}
