/** The keys of the player, as asciinema has them. */
import { useShortcuts } from '../keyboard/shortcuts.tsx'
import type { Shortcut } from '../keyboard/shortcuts.tsx'
import { SPEEDS } from './use-player.ts'
import type { Player } from './use-player.ts'

const LEAP_MS = 5_000
const TENTHS = 10

export function usePlayerKeys(player: Player, lengthMs: number, goFull: () => void): void {
  const key = (keys: string, says: string, run: () => void): Shortcut => ({
    keys,
    says,
    group: 'Replay',
    run,
  })
  const pace = (by: 1 | -1): void => {
    const at = SPEEDS.findIndex((speed) => speed === player.speed)
    const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))]
    if (next !== undefined) player.setSpeed(next)
  }
  useShortcuts([
    key('Space', 'Play or pause', player.toggle),
    key('.', 'Next event', () => player.step(1)),
    key(',', 'Event before', () => player.step(-1)),
    key(']', 'Next marker', () => player.toMarker(1)),
    key('[', 'Marker before', () => player.toMarker(-1)),
    key('ArrowRight', '5 s on', () => player.seek(player.positionMs + LEAP_MS)),
    key('ArrowLeft', '5 s back', () => player.seek(player.positionMs - LEAP_MS)),
    key('>', 'Faster', () => pace(1)),
    key('<', 'Slower', () => pace(-1)),
    key('f', 'Whole screen', goFull),
    ...Array.from({ length: TENTHS }, (_, at) =>
      key(String(at), `To ${at * TENTHS} %`, () => player.seek((lengthMs * at) / TENTHS)),
    ),
  ])
}
