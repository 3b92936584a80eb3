/** Where in the film one is; markers can be jumped to. */
import { formatPosition } from '../../ui/format.ts'
import type { Playable } from './timeline.ts'
import classes from './seek-bar.module.css'

interface SeekBarProps {
  readonly timeline: Playable
  readonly positionMs: number
  readonly onSeek: (positionMs: number) => void
}

export function SeekBar({ timeline, positionMs, onSeek }: SeekBarProps) {
  const { lengthMs, markers } = timeline
  const share = (atMs: number): string => `${lengthMs === 0 ? 0 : (100 * atMs) / lengthMs}%`
  return (
    <div className={classes.bar}>
      <div className={classes.track} aria-hidden="true">
        <span className={classes.played} style={{ width: share(positionMs) }} />
      </div>
      <input
        className={classes.range}
        type="range"
        aria-label="Position"
        aria-valuetext={`${formatPosition(positionMs)} of ${formatPosition(lengthMs)}`}
        min={0}
        max={Math.max(1, Math.round(lengthMs))}
        step={1}
        value={Math.round(positionMs)}
        onChange={(event) => onSeek(Number(event.target.value))}
      />
      <div className={classes.markers}>
        {markers.map((marker, at) => (
          <button
            key={at}
            type="button"
            data-kind={marker.kind}
            style={{ left: share(marker.atMs) }}
            title={`${marker.label}, ${formatPosition(marker.atMs)}`}
            aria-label={`${marker.label} at ${formatPosition(marker.atMs)}`}
            onClick={() => onSeek(marker.atMs)}
          />
        ))}
      </div>
    </div>
  )
}
