/** Says how many characters a rule keeps back on average, so that an operator can trade delay for coverage knowingly. */
import { Automaton, AUTOMATON_LIMITS, HELD } from './pattern/automaton.ts'
import type { Rule } from './rule.ts'

export interface HoldCost {
  readonly rule: string
  /** Characters held after a character of the sample, on average. */
  readonly mean: number
  /** The most held at any point of the sample. */
  readonly max: number
}

/** Runs each rule alone over `sample`, which should look like the traffic. Dearest first. */
export function holdCosts(rules: readonly Rule[], sample: string): readonly HoldCost[] {
  return rules.map((rule) => holdCost(rule, sample)).toSorted((a, b) => b.mean - a.mean)
}

function holdCost(rule: Rule, sample: string): HoldCost {
  const automaton = new Automaton([rule.pattern], AUTOMATON_LIMITS)
  let { value } = automaton.start()
  let held = 0
  let sum = 0
  let max = 0
  for (let i = 0; i < sample.length; i += 1) {
    value = automaton.step(value, automaton.classOf[sample.charCodeAt(i)] ?? 0)
    held = (value & HELD) === 0 ? 0 : held + 1
    sum += held
    max = Math.max(max, held)
  }
  return { rule: rule.id, mean: sample.length === 0 ? 0 : sum / sample.length, max }
}
