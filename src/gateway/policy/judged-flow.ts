/** The flow of an answer with a judge beside it: what the rules stop ends here, what they only watch passes as it came. */
import type { Decision } from '../../model/decision.ts'
import type { ToolCall } from '../../model/dialect.ts'
import { GatewayError } from '../../model/errors.ts'
import type { AnswerFlow, Shown } from '../masking/answer-flow.ts'
import type { AnswerMasking } from '../masking/answer-masking.ts'
import type { AnswerJudge } from './answer-judge.ts'

const NOTHING = Buffer.alloc(0)

export interface JudgedAnswer {
  readonly judge: AnswerJudge
  /** What looks into it; null where it cannot be looked into. */
  readonly masking: AnswerMasking | null
  /** Tool calls of the answer so far; null where it is too long to be read whole. */
  readonly calls: () => readonly ToolCall[] | null
  readonly sample: { readonly push: (chunk: Buffer) => void }
  readonly decided: (decision: Decision) => void
}

/** `flow` masks; its error stands unless a rule says why it stopped. */
export function judgedFlow(flow: AnswerFlow, answer: JudgedAnswer): AnswerFlow {
  const { judge, masking } = answer
  let bytes = 0
  const verdict = (shown: Shown, isEnd: boolean): Shown => {
    const findings = masking?.report().findings ?? []
    const error = judge.text(findings, bytes, isEnd) ?? (isEnd ? judge.tools(answer.calls()) : null)
    const isOver = isEnd || error !== null || shown instanceof GatewayError
    if (isOver) answer.decided(judge.decision())
    return error ?? shown
  }
  return {
    keepsBytes: flow.keepsBytes,
    push: (chunk) => {
      bytes += chunk.length
      answer.sample.push(chunk)
      const shown = flow.push(chunk)
      return shown instanceof Promise
        ? shown.then((one) => verdict(one, false))
        : verdict(shown, false)
    },
    end: () => {
      const rest = flow.end()
      return rest instanceof Promise
        ? rest.then((shown) => verdict(shown, true))
        : verdict(rest, true)
    },
    report: () => flow.report(),
  }
}

/** Looks and changes nothing: bytes pass as they came, and a fault of looking is nobody's trouble. */
export function watchedFlow(answer: JudgedAnswer): AnswerFlow {
  const { judge, masking } = answer
  let bytes = 0
  let isLooking = masking !== null
  const quietly = (look: () => unknown): void => {
    try {
      look()
    } catch {
      isLooking = false
    }
  }
  const conclude = (): void => {
    quietly(() => judge.text(isLooking ? (masking?.report().findings ?? []) : [], bytes, true))
    quietly(() => judge.tools(answer.calls()))
    answer.decided(judge.decision())
  }
  return {
    keepsBytes: true,
    push: (chunk) => {
      bytes += chunk.length
      answer.sample.push(chunk)
      let looked: Buffer | Promise<Buffer> | undefined
      if (isLooking) quietly(() => (looked = masking?.push(chunk)))
      if (!(looked instanceof Promise)) return chunk
      // A long text is looked into in turns: what comes behind it waits for them.
      return looked.then(
        () => chunk,
        () => {
          isLooking = false
          return chunk
        },
      )
    },
    end: () => {
      let rest: Buffer | Promise<Buffer> | undefined
      if (isLooking) quietly(() => (rest = masking?.end()))
      if (rest instanceof Promise) {
        return rest.then(
          () => {
            conclude()
            return NOTHING
          },
          () => {
            isLooking = false
            conclude()
            return NOTHING
          },
        )
      }
      conclude()
      return NOTHING
    },
    report: () => null,
  }
}
