/** A compiled policy: rules ready to be tested, what has to be looked for, and the hash that names it in evidence. */
import type { WatchSource } from '../detect/compiled-rules.ts'
import type { Criterion } from './criteria.ts'
import { criteriaOf } from './criteria.ts'
import type { DetectorShelf } from './detector-shelf.ts'
import type { Content, PolicyRule } from './rule.ts'
import { keywordId, patternId } from './rule.ts'

export interface CompiledRule {
  readonly rule: PolicyRule
  readonly criteria: readonly Criterion[]
  readonly unless: readonly (readonly Criterion[])[]
  /** Ids of detectors, keywords and patterns by the content that asks for them. */
  readonly detectorsOf: ReadonlyMap<Content, ReadonlySet<string>>
}

/** Private fields keep the machinery out of printed and hashed configuration. */
export class Policy {
  /** 64 hex digits. */
  readonly hash: string
  readonly rules: readonly PolicyRule[]
  readonly #compiled: readonly CompiledRule[]
  readonly #watch: WatchSource
  readonly #shelf: DetectorShelf
  readonly #detectors: ReadonlySet<string>

  /** `rules` are in the order of the file; nothing depends on it. */
  constructor(hash: string, rules: readonly PolicyRule[], shelf: DetectorShelf) {
    this.hash = hash
    this.rules = rules
    this.#shelf = shelf
    const active = rules
      .filter(({ stage }) => stage.kind !== 'off')
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    this.#compiled = active.map((rule) => compiledRule(rule, shelf))
    this.#watch = watchOf(active)
    this.#detectors = detectorsOf(active, shelf)
  }

  /** Rules that are not off, in the order of their ids. */
  get compiled(): readonly CompiledRule[] {
    return this.#compiled
  }

  get watch(): WatchSource {
    return this.#watch
  }

  get shelf(): DetectorShelf {
    return this.#shelf
  }

  /** Ids of shipped detectors that some rule asks for. */
  get detectors(): ReadonlySet<string> {
    return this.#detectors
  }

  /** The same rules as if each were enforced: what a test or a backtest asks. */
  enforced(only: (rule: PolicyRule) => boolean = () => true): Policy {
    const rules = this.rules
      .filter(only)
      .map((rule) => ({ ...rule, stage: { kind: 'enforce' } as const }))
    return new Policy(`${this.hash} enforced`, rules, this.#shelf)
  }
}

function compiledRule(rule: PolicyRule, shelf: DetectorShelf): CompiledRule {
  const contents = [rule.criteria, ...rule.unless].flatMap(({ content }) => content ?? [])
  return {
    rule,
    criteria: criteriaOf(rule.criteria, false),
    unless: rule.unless.map((one) => criteriaOf(one, true)),
    detectorsOf: new Map(
      contents.map((content) => [
        content,
        new Set([...ownIds(rule, content), ...shippedIds(content, shelf)]),
      ]),
    ),
  }
}

/** Words under `unless` are reported under an id of their own: they are no reason to mask. */
function ownIds(rule: PolicyRule, content: Content): readonly string[] {
  const name = nameOf(rule, content)
  return [
    ...(content.keywords.length > 0 ? [keywordId(name)] : []),
    ...content.patterns.map((_, index) => patternId(name, index)),
  ]
}

function nameOf(rule: PolicyRule, content: Content): string {
  const index = rule.unless.findIndex((one) => one.content === content)
  return index < 0 ? rule.id : `${rule.id}/unless-${index + 1}`
}

function shippedIds(content: Content, shelf: DetectorShelf): readonly string[] {
  const { entities, packs, detectors } = content
  return [
    ...detectors,
    ...shelf.idsOfEntities(entities),
    ...packs.flatMap((pack) => shelf.idsOfPack(pack)),
  ]
}

function watchOf(rules: readonly PolicyRule[]): WatchSource {
  const each = rules.flatMap((rule) =>
    [rule.criteria, ...rule.unless].flatMap(({ content }) =>
      content === null ? [] : [{ content, name: nameOf(rule, content) }],
    ),
  )
  return {
    terms: each
      .filter(({ content }) => content.keywords.length > 0)
      .map(({ content, name }) => ({
        id: keywordId(name),
        entity: content.label ?? 'KEYWORD',
        words: content.keywords,
      })),
    patterns: each.flatMap(({ content, name }) =>
      content.patterns.map((pattern, index) => ({
        id: patternId(name, index),
        entity: content.label ?? 'PATTERN',
        pattern,
      })),
    ),
  }
}

function detectorsOf(rules: readonly PolicyRule[], shelf: DetectorShelf): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const rule of rules) {
    for (const { content, when } of [rule.criteria, ...rule.unless]) {
      const asked = [
        ...(content === null ? [] : shippedIds(content, shelf)),
        ...(when === null ? [] : shelf.idsOfEntities(when.entities)),
      ]
      for (const id of asked) ids.add(id)
    }
  }
  return ids
}

export function looksAtRequests({ compiled }: Policy): boolean {
  return compiled.some(({ rule }) => rule.on.includes('request') || rule.on.includes('tool_result'))
}

export function looksAtAnswers({ compiled }: Policy): boolean {
  return compiled.some(({ rule }) => rule.on.includes('response') || rule.on.includes('tool_call'))
}
