/** Loads the shipped detector packs for tests and benchmarks. */
import { readFileSync, readdirSync } from 'node:fs'
import { parse } from 'yaml'
import { loadRules } from '../../src/detect/load-rules.ts'
import type { MatcherOptions } from '../../src/detect/matcher.ts'
import { REPLACE } from '../../src/detect/operators.ts'
import type { Ruleset } from '../../src/detect/ruleset.ts'

const FOLDER = new URL('../../detectors/', import.meta.url)

export function shippedPacks(): readonly unknown[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name): unknown => parse(readFileSync(new URL(name, FOLDER), 'utf8')))
}

const loaded = new Map<string, Ruleset>()

export function shippedRuleset(...packs: readonly string[]): Ruleset {
  const key = packs.join()
  const known = loaded.get(key)
  if (known !== undefined) return known
  const built = loadRules(shippedPacks(), { packs, without: [] })
  if (built.kind === 'problems') throw new Error(JSON.stringify(built.problems))
  loaded.set(key, built.ruleset)
  return built.ruleset
}

/** A ruleset of a few rules, given as the loader takes them. */
export function rulesetOf(rules: readonly object[]): Ruleset {
  const examples = { positive: ['x'], negative: ['y'] }
  const document = {
    pack: 'own',
    rules: rules.map((rule) => ({ score: 0.9, entity: 'X', examples, ...rule })),
  }
  const built = loadRules([document], { packs: ['own'], without: [] })
  if (built.kind === 'problems') throw new Error(JSON.stringify(built.problems))
  return built.ruleset
}

export function matcherOptions(changes: Partial<MatcherOptions> = {}): MatcherOptions {
  return {
    operators: { byEntity: new Map(), fallback: REPLACE },
    keys: {
      digest: (purpose, value) => `${purpose}-${value.length}`,
      encrypt: (value) => `enc:${value.length}`,
      tokenFor: (entity, value) => `tok:${entity}:${value.length}`,
    },
    threshold: 0.5,
    encoded: false,
    before: '',
    terms: null,
    everyFinding: false,
    ...changes,
  }
}
