/** Masks an answer that is plain text as it streams. */
import { StringDecoder } from 'node:string_decoder'
import type { Mask } from '../../detect/finding.ts'
import { createMatcher } from '../../detect/matcher.ts'
import type { Step } from '../../detect/matcher.ts'
import { operatorsOf, uncoveredOf } from '../../detect/masking-plan.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { AnswerMasking, AnswerQuestion } from './answer-masking.ts'
import { inSlices, SLICE_UNITS } from './in-slices.ts'
import { createMaskKeys } from './mask-keys.ts'
import { restoringMatcher } from './restoring-matcher.ts'

const CHANNEL = 'body'

export function createTextAnswer(question: AnswerQuestion): AnswerMasking {
  const { plan, tools, scope, restorable } = question
  const { rules } = plan
  const matcher = restoringMatcher(
    createMatcher(rules.ruleset, {
      operators: operatorsOf(plan),
      keys: createMaskKeys(tools.master, scope, () => undefined),
      threshold: plan.threshold,
      encoded: plan.decode.includes('response'),
      before: '',
      terms: rules.terms,
      everyFinding: false,
      uncovered: uncoveredOf(plan),
    }),
    restorable,
    'text',
  )
  const decoder = new StringDecoder('utf8')
  const splices: Splice[] = []
  const findings: FindingRecord[] = []
  const keptAt: number[] = []
  const uninspected: UninspectedRecord[] = []
  let isBlocked = false
  /** Text whose place in bytes is not counted yet, from unit `unit` and byte `byte` on. */
  let uncounted = ''
  let unit = 0
  let byte = 0
  const byteAt = (to: number): number => {
    byte += Buffer.byteLength(uncounted.slice(0, to - unit))
    uncounted = uncounted.slice(to - unit)
    unit = to
    return byte
  }
  const taken = (step: Step): Buffer => {
    for (const mask of step.masks) splices.push(spliceOf(mask, byteAt))
    byteAt(step.settled)
    findings.push(...step.findings.map((one) => ({ ...one, block: null, channel: CHANNEL })))
    for (const { operator } of step.findings) if (operator === 'keep') keptAt.push(byte)
    uninspected.push(...step.uninspected.map((one) => ({ ...one, channel: CHANNEL })))
    isBlocked ||= step.blocked
    return isBlocked ? Buffer.alloc(0) : Buffer.from(step.emit)
  }
  const pushSlice = (text: string): Buffer => {
    uncounted += text
    return taken(matcher.push(text))
  }
  const push = (text: string): Buffer | Promise<Buffer> => {
    if (text.length <= SLICE_UNITS) return pushSlice(text)
    const shown: Buffer[] = []
    const through = inSlices(text, (slice) => {
      shown.push(pushSlice(slice))
      return !isBlocked
    })
    return through.then(() => (isBlocked ? Buffer.alloc(0) : Buffer.concat(shown)))
  }
  const ended = (last: Buffer): Buffer =>
    isBlocked ? Buffer.alloc(0) : Buffer.concat([last, taken(matcher.end())])
  return {
    push: (bytes) => push(decoder.write(bytes)),
    end: () => {
      const last = push(decoder.end())
      return last instanceof Promise ? last.then(ended) : ended(last)
    },
    isBlocked: () => isBlocked,
    report: () => ({ splices, findings, keptAt, uninspected }),
  }
}

function spliceOf({ start, end, text }: Mask, byteAt: (unit: number) => number): Splice {
  return { start: byteAt(start), end: byteAt(end), with: text }
}
