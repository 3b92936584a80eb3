/** Counts the characters that matchers take between two turns of the event loop: what others have to wait for. */
import { CompiledRules } from '../../src/detect/compiled-rules.ts'
import type { Ruleset } from '../../src/detect/ruleset.ts'

export interface TurnCounter {
  /** The same rules; their automaton counts. */
  readonly rules: CompiledRules
  /** What `work` does is the work of a thread: it is not counted. */
  readonly aside: <T>(work: () => T) => T
  /** The most characters within one turn while `work` ran, and all of them. */
  readonly during: (work: () => unknown) => Promise<{ readonly most: number; readonly all: number }>
}

export function countTurns(counted: CompiledRules): TurnCounter {
  const { automaton: lanes } = counted.ruleset
  // It sees every character.
  const automaton = lanes.first
  let units = 0
  let isAside = false
  const classOf = new Proxy(automaton.classOf, {
    get: (target, unit) => {
      if (!isAside) units += 1
      return Reflect.get(target, unit, target)
    },
  })
  const counting = new Proxy(automaton, {
    get: (target, name) => {
      if (name === 'classOf') return classOf
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const ruleset: Ruleset = {
    ...counted.ruleset,
    automaton: Object.create(lanes, { first: { value: counting } }),
  }
  return {
    rules: new CompiledRules(counted.source, ruleset),
    aside: (work) => {
      isAside = true
      try {
        return work()
      } finally {
        isAside = false
      }
    },
    during: async (work) => {
      let most = 0
      let all = 0
      units = 0
      const turned = (): void => {
        most = Math.max(most, units)
        all += units
        units = 0
      }
      let ticking = setImmediate(function tick() {
        turned()
        ticking = setImmediate(tick)
      })
      try {
        await work()
      } finally {
        clearImmediate(ticking)
      }
      turned()
      return { most, all }
    },
  }
}
