/** Masks one answer on its way to the caller: received bytes go in, bytes that may be seen come out. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import type { StreamFraming, SurfaceKind } from '../../model/dialect.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { StreamShape } from '../../model/stream-shape.ts'
import type { RequestTools } from './inspect-request.ts'
import { createStreamAnswer } from './stream-answer.ts'
import type { TextShift } from './text-shift.ts'
import { createTextAnswer } from './text-answer.ts'
import { createWholeAnswer } from './whole-answer.ts'

export interface AnswerMasking {
  /** Bytes that may be handed on. Throws when masking failed: then nothing more may leave. */
  readonly push: (bytes: Buffer) => Buffer | Promise<Buffer>
  /** The rest, when the provider has ended. */
  readonly end: () => Buffer | Promise<Buffer>
  /** True once a value was found that stops the answer. */
  readonly isBlocked: () => boolean
  readonly report: () => AnswerReport
}

export interface AnswerReport {
  /** Over the bytes as received. */
  readonly splices: readonly Splice[]
  readonly findings: readonly FindingRecord[]
  /** Bytes of the answer as received at which a value that was left as it was had come whole, one for each. */
  readonly keptAt: readonly number[]
  readonly uninspected: readonly UninspectedRecord[]
}

export interface AnswerQuestion {
  readonly plan: MaskingPlan
  readonly tools: RequestTools
  readonly scope: string
  /** The caller's own values by the tokens that stand for them upstream. */
  readonly restorable: ReadonlyMap<string, string>
  /** Texts of the request that the answer may point into, by their number; null for those that were not changed. */
  readonly documents: () => readonly (TextShift | null)[]
  /** Null where nothing is known of the stream. */
  readonly shape: StreamShape | null
  readonly kind: SurfaceKind
  readonly framing: StreamFraming
  readonly status: number
  readonly contentType: string
}

const NOTHING = Buffer.alloc(0)

/** Null when this answer cannot be masked: then nothing of it may leave. */
export function createAnswerMasking(question: AnswerQuestion): AnswerMasking | null {
  const type = question.contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (question.framing !== 'none' && question.status < 300) {
    return question.shape === null ? null : createStreamAnswer(question, question.shape)
  }
  if (question.status < 300 && (question.kind === 'embed' || question.kind === 'count'))
    return unread('numbers')
  if (type === '' || type === 'application/json' || type.endsWith('+json'))
    return createWholeAnswer(question)
  if (/^(?:audio|image|video)\//.test(type)) return unread('media')
  if (type.startsWith('text/') && type !== 'text/event-stream') return createTextAnswer(question)
  return question.plan.unknownEvents === 'pass' ? unread('content-type') : null
}

/** Passes everything, and says so in the record. */
function unread(reason: string): AnswerMasking {
  let bytes = 0
  return {
    push: (chunk) => {
      bytes += chunk.length
      return chunk
    },
    end: () => NOTHING,
    isBlocked: () => false,
    report: () => ({
      splices: [],
      findings: [],
      keptAt: [],
      uninspected:
        bytes === 0 || reason === 'numbers'
          ? []
          : [{ channel: 'body', start: 0, end: bytes, reason }],
    }),
  }
}
