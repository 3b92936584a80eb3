/** Finds the route of an exchange: the first rule whose every written condition matches. */
import type { RouteFacts } from '../model/settings.ts'
import type { Route } from '../model/upstream.ts'
import type { RouteMatch, RouteRule } from './config.ts'

/** `rules` ends with a rule that matches everything, as `Config.routes` does. */
export function matchRoute(rules: readonly RouteRule[], facts: RouteFacts): Route {
  const rule = rules.find((candidate) => matches(candidate.match, facts))
  if (rule === undefined) throw new Error('the route rules have no default rule')
  return rule
}

function matches(match: RouteMatch, facts: RouteFacts): boolean {
  return (
    (match.upstream === null || match.upstream === facts.upstream) &&
    (match.service === null || match.service === facts.service) &&
    (match.surface === null || globMatches(match.surface, facts.surface)) &&
    (match.model === null || (facts.model !== null && globMatches(match.model, facts.model)))
  )
}

/** True when `text` fits `glob`, where `*` is any run of characters. At most |glob| x |text| steps, no regular expression. */
export function globMatches(glob: string, text: string): boolean {
  let at = 0
  let inGlob = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    if (inGlob < glob.length && glob[inGlob] === '*') {
      star = inGlob
      resume = at
      inGlob += 1
    } else if (inGlob < glob.length && glob[inGlob] === text[at]) {
      inGlob += 1
      at += 1
    } else if (star !== -1) {
      inGlob = star + 1
      resume += 1
      at = resume
    } else {
      return false
    }
  }
  while (inGlob < glob.length && glob[inGlob] === '*') inGlob += 1
  return inGlob === glob.length
}
