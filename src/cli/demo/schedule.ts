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

/** A day that has only begun has no room for its scenes. */
const DAY_LEAST_MS = 2 * HOUR_MS
/** Nothing is played so shortly before the end: the turns of a scene take minutes. */
const QUIET_MS = 15 * 60_000

/**
 * The month that ends now. All of it is played whatever the hour: its last day is today, in as many hours as today has had, so that
 * whoever looks at what is live sees something.
 */
export function monthBefore(nowMs: number): {
  readonly firstMs: number
  readonly cues: readonly Cue[]
} {
  const midnight = Math.floor(nowMs / DAY_MS) * DAY_MS
  const isToday = nowMs - midnight >= DAY_LEAST_MS
  const firstMs = midnight - (isToday ? DAYS - 1 : DAYS) * DAY_MS
  const share = (nowMs - midnight - QUIET_MS) / DAY_MS
  const cues = schedule(firstMs).map(({ atMs, scene }) => ({
    atMs: atMs < midnight ? atMs : midnight + Math.floor((atMs - midnight) * share),
    scene,
  }))
  return { firstMs, cues }
}

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
