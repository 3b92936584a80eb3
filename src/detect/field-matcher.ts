/** Masks a whole value because of the name it stands under. */
import type { Finding } from './finding.ts'
import type { Matcher, MatcherOptions, Step } from './matcher.ts'
import { applyOperator, needsValue, operatorFor, REPLACE } from './operators.ts'
import { VALUE_MAX } from './swallowed-tail.ts'

export const FIELD_ENTITY = 'SECRET_FIELD'
const FIELD_RULE = 'key-name'

/** Holds the value to its end, so that every operator can be applied; an empty value stays empty. */
export function createFieldMatcher(options: Omit<MatcherOptions, 'before'>): Matcher {
  let value = ''
  let length = 0
  let ended = false
  const push = (text: string): Step => {
    if (ended) throw new Error('the field matcher is ended')
    length += text.length
    if (value.length <= VALUE_MAX) value += text
    return { emit: '', masks: [], findings: [], settled: 0, blocked: false, uninspected: [] }
  }
  const end = (): Step => {
    if (ended) throw new Error('the field matcher is ended')
    ended = true
    if (length === 0)
      return { emit: '', masks: [], findings: [], settled: 0, blocked: false, uninspected: [] }
    const operator = operatorFor(options.operators, FIELD_ENTITY)
    const finding: Finding = {
      rule: FIELD_RULE,
      entity: FIELD_ENTITY,
      score: 1,
      start: 0,
      end: length,
      spelling: 'key-name',
      operator: operator.kind,
      fingerprint: options.keys.digest('fingerprint', value),
    }
    if (operator.kind === 'block') {
      return {
        emit: '',
        masks: [],
        findings: [finding],
        settled: 0,
        blocked: true,
        uninspected: [],
      }
    }
    const chosen =
      length > VALUE_MAX && (needsValue(operator) || operator.kind === 'keep') ? REPLACE : operator
    const text = applyOperator(chosen, FIELD_ENTITY, value, options.keys)
    const masks = operator.kind === 'keep' ? [] : [{ start: 0, end: length, text }]
    return {
      emit: text,
      masks,
      findings: [finding],
      settled: length,
      blocked: false,
      uninspected: [],
    }
  }
  return { push, end }
}
