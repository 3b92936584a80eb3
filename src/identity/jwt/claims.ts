/** Reads claims of a verified token: conditions, templates, what is kept for the record. */
import { globMatches } from '../../lib/glob.ts'
import { isJsonObject } from '../../lib/json/loose.ts'
import type { TrustRule } from '../../model/trust.ts'

export type Claims = Readonly<Record<string, unknown>>

const KEPT_CHARS_MAX = 512
const GROUPS_MAX = 200
const GROUP_CHARS_MAX = 256

/** A claim by its name, or by a path through objects: `kubernetes.io.pod.name`. The longest name wins. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    if (!Object.hasOwn(claims, name)) continue
    const inner = claims[name]
    return isJsonObject(inner) ? claimAt(inner, path.slice(dot + 1)) : undefined
  }
  return undefined
}

/** Texts, numbers and flags have a text; nothing else has. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** A claim that is a list holds when one of its items does. */
export function conditionsHold(rule: Pick<TrustRule, 'conditions'>, claims: Claims): boolean {
  return Object.entries(rule.conditions).every(([path, patterns]) => {
    const value = claimAt(claims, path)
    const texts = (Array.isArray(value) ? value : [value]).map(textOf)
    return patterns.some((pattern) =>
      texts.some((text) => text !== null && globMatches(pattern, text)),
    )
  })
}

/** Null when a claim that it needs is missing or empty. */
export function filled(template: string, claims: Claims): string | null {
  let isWhole = true
  const text = template.replaceAll(/\{([^{}]+)\}/g, (_whole, path: string) => {
    const value = textOf(claimAt(claims, path))
    if (value === null || value === '') isWhole = false
    return value ?? ''
  })
  return isWhole && text.length <= KEPT_CHARS_MAX ? text : null
}

export function keptClaims(keep: readonly string[], claims: Claims): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const path of keep) {
    const value = claimAt(claims, path)
    const text = Array.isArray(value)
      ? value.flatMap((item) => textOf(item) ?? []).join(', ')
      : textOf(value)
    if (text !== null && text !== '') kept[path] = text.slice(0, KEPT_CHARS_MAX)
  }
  return kept
}

export function groupsOf(rule: TrustRule, claims: Claims): readonly string[] {
  const value = rule.groupsClaim === '' ? [] : claimAt(claims, rule.groupsClaim)
  const texts = (Array.isArray(value) ? value : [value])
    .map(textOf)
    .filter((text) => text !== null && text !== '' && text.length <= GROUP_CHARS_MAX)
    .map(String)
  return [...new Set([...rule.groups, ...texts])].slice(0, GROUPS_MAX)
}
