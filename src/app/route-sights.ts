/** Joins masking plans with the policy, once for each plan, and says it when they cannot be joined. */
import type { MaskingPlan } from '../detect/masking-plan.ts'
import type { RouteSight } from '../gateway/parts.ts'
import type { Policy } from '../policy/policy.ts'
import { looksAtAnswers, looksAtRequests } from '../policy/policy.ts'
import { sightPlan } from '../policy/sight-plan.ts'

export interface RouteSights {
  readonly of: (masking: MaskingPlan | null) => RouteSight
}

/** `of` throws when rules of masking and policy together are more than one automaton holds. */
export function createRouteSights(policy: Policy | null): RouteSights {
  const known = new Map<MaskingPlan | null, RouteSight>()
  return {
    of: (masking) => {
      let sight = known.get(masking)
      if (sight === undefined) {
        sight = sightFor(masking, policy)
        known.set(masking, sight)
      }
      return sight
    },
  }
}

function sightFor(masking: MaskingPlan | null, policy: Policy | null): RouteSight {
  const maskingOf = (direction: 'request' | 'response'): MaskingPlan | null =>
    masking?.directions.includes(direction) === true ? masking : null
  const [request, answer] = [maskingOf('request'), maskingOf('response')]
  if (policy === null) return { masking, request, answer }
  return {
    masking,
    request: looksAtRequests(policy) ? joined(request, policy) : request,
    answer: looksAtAnswers(policy) ? joined(answer, policy) : answer,
  }
}

function joined(masking: MaskingPlan | null, policy: Policy): MaskingPlan | null {
  const result = sightPlan(masking, policy)
  if (result.kind === 'plan') return result.plan
  throw new Error(
    result.problems.map(({ rule, problem }) => `${rule} ${problem}`.trim()).join('; '),
  )
}
