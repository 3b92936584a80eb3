/** A trust rule as the fields of its form, and back: what has no field of its own stays as JSON. */
import type { WrittenRule } from '../../api/trust-rules.ts'

export interface RuleFields {
  /** A preset, `saml`, `certificate`, or empty for any other issuer of tokens. */
  readonly from: string
  readonly issuer: string
  readonly audience: string
  /** One line for each: `claim: pattern, pattern`. */
  readonly claims: string
  readonly principal: string
  readonly service: string
  readonly owner: string
  readonly upstreams: string
  readonly models: string
  /** Every other setting, JSON. */
  readonly more: string
}

export const NO_FIELDS: RuleFields = {
  from: 'github-actions',
  issuer: '',
  audience: '',
  claims: '',
  principal: '',
  service: '',
  owner: '',
  upstreams: '',
  models: '',
  more: '',
}

/** What the form has fields for. */
const FIELDS = new Set([
  'preset',
  'kind',
  'issuer',
  'audience',
  'claims',
  'principal',
  'service',
  'owner',
  'upstreams',
  'models',
])

export function fieldsOf(written: WrittenRule): RuleFields {
  const { preset, kind, claims } = written
  const text = (name: string): string => {
    const value = written[name]
    return Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : ''
  }
  const more = Object.fromEntries(Object.entries(written).filter(([name]) => !FIELDS.has(name)))
  return {
    from:
      typeof preset === 'string' ? preset : kind === 'saml' || kind === 'certificate' ? kind : '',
    issuer: text('issuer'),
    audience: text('audience'),
    claims: typeof claims === 'object' && claims !== null ? claimLines(claims) : '',
    principal: text('principal'),
    service: text('service'),
    owner: text('owner'),
    upstreams: text('upstreams'),
    models: text('models'),
    more: Object.keys(more).length === 0 ? '' : JSON.stringify(more, null, 2),
  }
}

function claimLines(claims: object): string {
  return Object.entries(claims)
    .map(([name, pattern]) => `${name}: ${[pattern].flat().join(', ')}`)
    .join('\n')
}

export type WrittenFields =
  | { readonly kind: 'written'; readonly rule: WrittenRule }
  | { readonly kind: 'problem'; readonly field: 'claims' | 'more'; readonly message: string }

export function writtenOf(fields: RuleFields): WrittenFields {
  const claims = claimsIn(fields.claims)
  if (claims === null)
    return { kind: 'problem', field: 'claims', message: 'Each line is a claim, a colon, patterns.' }
  const more = moreIn(fields.more)
  if (more === null) return { kind: 'problem', field: 'more', message: 'This is no JSON object.' }
  const { from } = fields
  const isKind = from === 'saml' || from === 'certificate'
  const rule: Record<string, unknown> = {
    ...more,
    ...(isKind ? { kind: from } : from === '' ? {} : { preset: from }),
    owner: fields.owner,
    ...(Object.keys(claims).length === 0 ? {} : { claims }),
  }
  for (const name of ['issuer', 'principal', 'service'] as const)
    if (fields[name].trim() !== '') rule[name] = fields[name].trim()
  for (const name of ['audience', 'upstreams', 'models'] as const) {
    const list = listIn(fields[name])
    if (list.length > 0) rule[name] = list
  }
  return { kind: 'written', rule }
}

function listIn(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function claimsIn(text: string): Record<string, string[]> | null {
  const claims: Record<string, string[]> = {}
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue
    // The name may hold colons itself, as that of a URL does; the one before a blank ends it.
    const [, name = '', patterns = ''] = /^(.+?):\s+(.+)$/.exec(line) ?? []
    const list = listIn(patterns)
    if (name === '' || list.length === 0) return null
    claims[name.trim()] = list
  }
  return claims
}

function moreIn(text: string): WrittenRule | null {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : null
  } catch {
    return null
  }
}
