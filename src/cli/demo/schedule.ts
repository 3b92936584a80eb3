/** When each scene of the month is played: office hours on weekdays, the nightly job every night, the plot on its days. */
import { rollDice } from './dice.ts'
import {
  PLOT,
  agentScene,
  codeScene,
  peopleScene,
  nightlyScene,
  releaseScene,
  supportScene,
} from './story.ts'
import type { Scene } from './story.ts'

export interface Cue {
  readonly atMs: number
  readonly scene: Scene
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
export const DAYS = 30
const SEED = 1412
const SCENES_A_DAY = { low: 6, high: 11 }

/** `firstMs` is midnight (UTC) of the first day. Ascending. */
export function schedule(firstMs: number): readonly Cue[] {
  const dice = rollDice(SEED)
  const cues: Cue[] = []
  let support = 0
  let code = 0
  for (let day = 0; day < DAYS; day += 1) {
    const midnight = firstMs + day * DAY_MS
    cues.push({ atMs: midnight + 2 * HOUR_MS, scene: nightlyScene(day) })
    const weekday = new Date(midnight).getUTCDay()
    const isWorkday = weekday !== 0 && weekday !== 6
    const scenes = isWorkday ? dice.between(SCENES_A_DAY.low, SCENES_A_DAY.high) : 1
    for (let n = 0; n < scenes; n += 1) {
      const atMs = midnight + Math.floor((8 + 9.5 * dice.next()) * HOUR_MS)
      const kind = isWorkday ? dice.between(1, 10) : 1
      if (kind <= 5) cues.push({ atMs, scene: supportScene((support += 1)) })
      else if (kind <= 8)
        cues.push({ atMs, scene: codeScene(dice.pick(['mei', 'jonas']), (code += 1)) })
      else if (kind <= 9)
        cues.push({ atMs, scene: agentScene(dice.pick(['mei', 'jonas']), (code += 1)) })
      else cues.push({ atMs, scene: releaseScene(day) })
    }
    if (isWorkday && day % 5 === 2)
      cues.push({ atMs: midnight + 11 * HOUR_MS, scene: peopleScene(day) })
    for (const { day: on, hour, scene } of PLOT)
      if (on === day) cues.push({ atMs: midnight + hour * HOUR_MS + 7 * 60_000, scene })
  }
  return cues.toSorted((a, b) => a.atMs - b.atMs)
}
