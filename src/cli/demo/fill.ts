/** Plays the month through a real gateway: callers send over HTTP, the sandbox answers, the recorder records. */
import { startApp } from '../../app/app.ts'
import type { App } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import { playScene } from './play-scene.ts'
import { monthBefore } from './schedule.ts'
import { castOf } from './story-admin.ts'
import { createStoryClock } from './story-clock.ts'
import type { StoryClock } from './story-clock.ts'
import { ACTORS, LEAKED_SNIPPET } from './story.ts'

const DAY_MS = 86_400_000
/** The log promises a sign of life each minute; while the clock is moved it is given in steps of that. */
const STEP_MS = 60_000
const BETWEEN_TURNS_MS = 40_000

export interface Filled {
  readonly exchanges: number
  /** The exchange whose answer held what leaked. */
  readonly leak: string
  /** Id of the contractor's key. */
  readonly leakedKey: string
}

/** `nowMs` is the end of the month. `progress` is told the day, from 1. */
export async function fillDemo(
  config: Config,
  nowMs: number,
  progress: (day: number) => void,
): Promise<Filled> {
  const { firstMs, cues } = monthBefore(nowMs)
  const clock = createStoryClock(firstMs)
  let answer = ''
  await using app = await startApp(config, {
    clock,
    sandbox: { record: false, script: () => ({ text: answer }) },
  })
  const keys = await castOf(app)
  let exchanges = 0
  let leak = ''
  let day = 0
  for (const { atMs, scene } of cues) {
    const today = Math.floor((atMs - firstMs) / DAY_MS) + 1
    if (today !== day) progress(today)
    day = today
    moveTo(app, clock, atMs)
    const ids = await playScene(scene, ACTORS[scene.actor], {
      proxyUrl: app.proxyUrl,
      key: keys.get(scene.actor)?.text ?? '',
      beforeTurn: (turn) => {
        moveTo(app, clock, clock.nowMs() + BETWEEN_TURNS_MS)
        answer = turn.answer
      },
    })
    exchanges += ids.length
    scene.turns.forEach((turn, at) => {
      if (turn.answer.includes(LEAKED_SNIPPET)) leak = ids[at] ?? leak
    })
  }
  moveTo(app, clock, nowMs)
  await app.evidence.flush()
  return { exchanges, leak, leakedKey: keys.get('mara')?.id ?? '' }
}

function moveTo(app: App, clock: StoryClock, atMs: number): void {
  while (clock.nowMs() + STEP_MS < atMs) {
    clock.moveTo(clock.nowMs() + STEP_MS)
    app.evidence.log.heartbeat()
  }
  clock.moveTo(atMs)
}
