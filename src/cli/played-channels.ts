/** Follows the channels of a replayed answer and says what can be written after what was written before. */
import type { ReplayPart } from '../incident/replay-steps.ts'

/** A piece of one channel. Not yet safe to show. */
export type PlayedPart = Omit<ReplayPart, 'restart'>

interface Track {
  readonly part: PlayedPart
  /** Nothing can be taken back on a terminal: a text that grew in its middle waits for the end. */
  readonly isBroken: boolean
}

export class PlayedChannels {
  readonly #tracks = new Map<string, Track>()

  /** Several choices are set one below the other, so a text may grow in its middle: then it is given again, whole, at the end. */
  next(parts: readonly ReplayPart[], isLast: boolean): readonly PlayedPart[] {
    const played: PlayedPart[] = []
    for (const { restart, ...part } of parts) {
      const key = `${part.channel} ${part.number}`
      const before = this.#tracks.get(key)
      const text = restart ? part.text : (before?.part.text ?? '') + part.text
      const isBroken = restart || before?.isBroken === true
      this.#tracks.set(key, { part: { ...part, text }, isBroken })
      if (!isBroken) played.push(part)
    }
    if (!isLast) return played
    const broken = [...this.#tracks.values()].filter(({ isBroken }) => isBroken)
    return [...played, ...broken.map(({ part }) => ({ ...part, text: `\n${part.text}` }))]
  }
}
