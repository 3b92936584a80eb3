/** What of an answer may be shown: its bytes as they came where nothing is masked, else what masking lets through. */
import { GatewayError, fail } from '../../model/errors.ts'
import type { AnswerMasking, AnswerReport } from './answer-masking.ts'

/** Bytes that may be shown, or why the answer ends here: then nothing that is held may leave. */
export type Shown = Buffer | GatewayError

export interface AnswerFlow {
  /** True where every byte passes as it came: then its length, and what was made from its bytes, stay true. */
  readonly keepsBytes: boolean
  /** A promise where analyzers are waited for: the next push waits for it. */
  readonly push: (bytes: Buffer) => Shown | Promise<Shown>
  readonly end: () => Shown | Promise<Shown>
  /** Null where nothing is masked. */
  readonly report: () => AnswerReport | null
}

const NOTHING = Buffer.alloc(0)

export const UNMASKED: AnswerFlow = {
  keepsBytes: true,
  push: (bytes) => bytes,
  end: () => NOTHING,
  report: () => null,
}

/** Fails closed: whatever goes wrong in masking ends the answer. */
export function answerFlow(masking: AnswerMasking): AnswerFlow {
  const judged = (bytes: Buffer): Shown =>
    masking.isBlocked() ? fail('policy.answer-blocked') : bytes
  let failure: GatewayError | null = null
  /** What failed once shows nothing any more. */
  const failed = (cause: unknown): GatewayError => {
    failure ??= cause instanceof GatewayError ? cause : fail('policy.masking-failed', '', cause)
    return failure
  }
  return {
    keepsBytes: false,
    push: (bytes) => {
      if (failure !== null) return failure
      try {
        const shown = masking.push(bytes)
        return shown instanceof Promise ? shown.then(judged).catch(failed) : judged(shown)
      } catch (cause) {
        return failed(cause)
      }
    },
    end: () => {
      if (failure !== null) return failure
      try {
        const rest = masking.end()
        return rest instanceof Promise ? rest.then(judged).catch(failed) : judged(rest)
      } catch (cause) {
        return failed(cause)
      }
    },
    report: () => masking.report(),
  }
}
