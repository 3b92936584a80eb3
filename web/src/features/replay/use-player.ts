/** Plays a timeline in real time: position, pace, steps, markers. Draws at most once per frame. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { stepsAt } from './timeline.ts'
import type { Playable } from './timeline.ts'

export interface Player {
  readonly positionMs: number
  readonly isPlaying: boolean
  readonly speed: number
  readonly seek: (positionMs: number) => void
  readonly play: () => void
  readonly pause: () => void
  readonly toggle: () => void
  readonly setSpeed: (speed: number) => void
  /** By events: 1 shows the next, -1 takes the last away. */
  readonly step: (by: 1 | -1) => void
  readonly toMarker: (by: 1 | -1) => void
}

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const

export function usePlayer(timeline: Playable, startMs: number): Player {
  const [positionMs, setPosition] = useState(startMs)
  const [isPlaying, setPlaying] = useState(false)
  const [speed, setSpeed] = useState(1)
  const position = useRef(startMs)
  const move = useCallback(
    (toMs: number) => {
      position.current = Math.min(timeline.lengthMs, Math.max(0, toMs))
      setPosition(position.current)
    },
    [timeline],
  )
  useEffect(() => {
    if (!isPlaying) return
    let before: number | null = null
    let frame = requestAnimationFrame(function draw(nowMs: number) {
      if (before !== null) move(position.current + (nowMs - before) * speed)
      before = nowMs
      if (position.current >= timeline.lengthMs) setPlaying(false)
      else frame = requestAnimationFrame(draw)
    })
    return () => cancelAnimationFrame(frame)
  }, [isPlaying, speed, timeline, move])

  const play = (): void => {
    if (position.current >= timeline.lengthMs) move(0)
    setPlaying(true)
  }
  const pause = (): void => setPlaying(false)
  const stay = (toMs: number): void => {
    setPlaying(false)
    move(toMs)
  }
  return {
    positionMs,
    isPlaying,
    speed,
    seek: move,
    play,
    pause,
    toggle: () => (isPlaying ? pause() : play()),
    setSpeed,
    step: (by) => {
      const shown = stepsAt(timeline, position.current)
      if (by === 1) stay(timeline.positions[shown] ?? timeline.lengthMs)
      else stay(shown < 2 ? 0 : (timeline.positions[shown - 2] ?? 0))
    },
    toMarker: (by) => {
      const places = timeline.markers.map(({ atMs }) => atMs)
      const next =
        by === 1
          ? places.find((atMs) => atMs > position.current + 0.5)
          : places.findLast((atMs) => atMs < position.current - 0.5)
      stay(next ?? (by === 1 ? timeline.lengthMs : 0))
    },
  }
}
