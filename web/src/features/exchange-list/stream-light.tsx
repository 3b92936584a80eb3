/** Whether the list follows what happens, by colour and by word. */
import type { LiveRows } from './use-live.ts'
import classes from './stream-light.module.css'

interface StreamLightProps {
  readonly stream: LiveRows['stream']
  /** False when the range ends in the past. */
  readonly slides: boolean
}

const WORDS: Readonly<Record<LiveRows['stream'], string>> = {
  connecting: 'connecting',
  live: 'live',
  waiting: 'reconnecting',
  off: 'paused',
  failed: 'not followed',
}

export function StreamLight({ stream, slides }: StreamLightProps) {
  return (
    <span className={classes.light} data-stream={slides ? stream : 'off'} role="status">
      <span className={classes.dot} aria-hidden="true" />
      {slides ? WORDS[stream] : 'range ends in the past'}
    </span>
  )
}
