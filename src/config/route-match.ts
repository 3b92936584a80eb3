/** Finds the route of an exchange, the first rule whose every written condition matches; and the retention class of its tags. */
import { globMatches } from '../lib/glob.ts'
import type { Route } from '../model/upstream.ts'
import type { RouteFacts } from '../model/settings.ts'
import type { RetentionClass, RouteMatch, RouteRule } from './config.ts'

/** `rules` ends with a rule that matches everything, as `Config.routes` does. */
export function matchRoute(rules: readonly RouteRule[], facts: RouteFacts): Route {
  const rule = rules.find((candidate) => matches(candidate.match, facts))
  if (rule === undefined) throw new Error('the route rules have no default rule')
  return rule
}

/** Null where no class names any of the tags. */
export function matchRetention(
  classes: readonly RetentionClass[],
  tags: readonly string[],
): string | null {
  if (tags.length === 0) return null
  const found = classes.find((one) =>
    one.tags.some((glob) => tags.some((tag) => globMatches(glob, tag))),
  )
  return found?.name ?? null
}

function matches(match: RouteMatch, facts: RouteFacts): boolean {
  return (
    (match.upstream === null || match.upstream === facts.upstream) &&
    (match.service === null || match.service === facts.service) &&
    (match.surface === null || globMatches(match.surface, facts.surface)) &&
    (match.model === null || (facts.model !== null && globMatches(match.model, facts.model)))
  )
}
