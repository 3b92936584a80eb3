/** Turns the checked conditions of a rule into criteria; patterns, entities and CEL are checked against what exists. */
import { watchedRule } from '../../detect/watched-rule.ts'
import { termForm } from '../../detect/term-list.ts'
import { compileCondition } from '../../policy/condition.ts'
import type { Condition } from '../../policy/condition.ts'
import { FINGERPRINT_DIGITS } from '../../model/masking.ts'
import { isZone } from '../../policy/hours.ts'
import type { Content, Criteria, Hours } from '../../policy/rule.ts'
import { didYouMean } from '../../lib/did-you-mean.ts'
import type { Path } from '../problems.ts'
import { reportRule } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import type { CheckedCriteria } from './schema-criteria.ts'

/** Entities that no detector of a pack has: of masking, and of keywords and patterns without a label. */
const MADE_ENTITIES = ['KEYWORD', 'PATTERN', 'SECRET_FIELD', 'DENIED_TERM']
const FINGERPRINT = /^[0-9a-f]{16,64}$/
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

export function resolveCriteria(
  written: CheckedCriteria,
  path: Path,
  context: RuleContext,
): Criteria {
  const { size } = written
  if (size !== undefined && Object.values(size).every((bound) => bound === undefined))
    reportRule(context, [...path, 'size'], {
      message: 'no threshold is written',
      allowed: 'bytes, newBytes, tokens, newTokens',
    })
  return {
    callers: written.callers ?? [],
    kinds: written.kinds ?? [],
    groups: written.groups ?? [],
    services: written.services ?? [],
    upstreams: written.upstreams ?? [],
    surfaces: written.surfaces ?? [],
    routes: written.routes ?? [],
    models: written.models ?? [],
    tools: written.tools ?? [],
    hours: hoursOf(written, path, context),
    size:
      size === undefined
        ? null
        : {
            bytes: size.bytes ?? null,
            newBytes: size.newBytes ?? null,
            tokens: size.tokens ?? null,
            newTokens: size.newTokens ?? null,
          },
    content: contentOf(written, path, context),
    when: conditionOf(written.when, [...path, 'when'], context),
  }
}

function hoursOf({ hours }: CheckedCriteria, path: Path, context: RuleContext): Hours | null {
  if (hours === undefined) return null
  const zone = hours.zone ?? 'UTC'
  if (!isZone(zone))
    reportRule(context, [...path, 'hours', 'zone'], {
      message: 'the time zone is not known',
      found: zone,
      allowed: 'an IANA name such as Europe/Zurich',
    })
  if (hours.from === hours.to)
    reportRule(context, [...path, 'hours', 'to'], { message: 'the range is empty' })
  return {
    from: minuteOf(hours.from),
    to: minuteOf(hours.to),
    days: (hours.days ?? []).map((day) => DAYS.indexOf(day)),
    zone: isZone(zone) ? zone : 'UTC',
  }
}

function minuteOf(time: string): number {
  const [hour = '0', minute = '0'] = time.split(':')
  return Number(hour) * 60 + Number(minute)
}

function contentOf(written: CheckedCriteria, path: Path, context: RuleContext): Content | null {
  const { keywords = [], patterns = [], entities = [], packs = [], detectors = [] } = written
  const isEmpty = [keywords, patterns, entities, packs, detectors].every((one) => one.length === 0)
  for (const [field, needed] of [
    ['atLeast', isEmpty],
    ['occurrence', isEmpty],
    ['label', keywords.length === 0 && patterns.length === 0],
    ['fingerprints', entities.length + packs.length + detectors.length === 0],
  ] as const) {
    if (written[field] !== undefined && needed)
      reportRule(context, [...path, field], {
        message: 'nothing is looked for',
        hint: 'It goes with keywords, patterns, entities, packs or detectors.',
      })
  }
  if (isEmpty) return null
  written.fingerprints?.forEach((digits, index) => {
    if (!FINGERPRINT.test(digits))
      reportRule(context, [...path, 'fingerprints', index], {
        message: 'this is no fingerprint',
        allowed: '16 to 64 digits of 0-9a-f, as findings show them',
      })
  })
  keywords.forEach((keyword, index) => {
    if (termForm(keyword) === '')
      reportRule(context, [...path, 'keywords', index], {
        message: 'nothing of this keyword is left on normalised text',
      })
  })
  patterns.forEach((pattern, index) => {
    const read = watchedRule({ id: '', entity: 'PATTERN', pattern })
    if (read.kind === 'problem')
      reportRule(context, [...path, 'patterns', index], {
        message: read.problem.problem,
        hint: 'See docs/reference/detector-rules.md.',
      })
  })
  const { shelf } = context
  known(entities, [...shelf.entities, ...context.labels], [...path, 'entities'], context)
  known(packs, shelf.packs, [...path, 'packs'], context)
  known(detectors, shelf.ids, [...path, 'detectors'], context)
  return {
    keywords,
    patterns,
    entities,
    packs,
    detectors,
    fingerprints: (written.fingerprints ?? []).map((digits) => digits.slice(0, FINGERPRINT_DIGITS)),
    atLeast: written.atLeast ?? 1,
    occurrence: written.occurrence ?? 'any',
    label: written.label ?? null,
  }
}

function known(
  named: readonly string[],
  existing: readonly string[],
  path: Path,
  context: RuleContext,
): void {
  named.forEach((name, index) => {
    if (existing.includes(name)) return
    const close = didYouMean(name, existing)
    reportRule(context, [...path, index], {
      message: 'there is none of this name',
      found: name,
      allowed: existing.length > 20 ? 'see docs/reference/detectors.md' : existing.join(', '),
      hint: close === null ? '' : `Did you mean ${close}?`,
    })
  })
}

function conditionOf(
  source: string | undefined,
  path: Path,
  context: RuleContext,
): Condition | null {
  if (source === undefined) return null
  const compiled = compileCondition(source)
  if (compiled.kind === 'problems') {
    for (const problem of compiled.problems) reportRule(context, path, { message: problem })
    return null
  }
  const entities = [...context.shelf.entities, ...MADE_ENTITIES, ...context.labels]
  known(compiled.condition.entities, entities, path, context)
  return compiled.condition
}
