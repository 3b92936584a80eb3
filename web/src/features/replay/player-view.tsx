/** The replay: the answer as it appeared, with controls and the keys that asciinema taught. */
import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import {
  IconLink,
  IconMaximize,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
} from '@tabler/icons-react'
import { useEffect, useMemo, useRef } from 'react'
import type { Replay } from '../../api/content.ts'
import { Choice } from '../../ui/choice.tsx'
import { formatPosition } from '../../ui/format.ts'
import { Screen } from './screen.tsx'
import { SeekBar } from './seek-bar.tsx'
import {
  formatMomentOf,
  makeAssembler,
  makeTimeline,
  positionOf,
  recordedAt,
  stepsAt,
} from './timeline.ts'
import { SpeedChoice } from './speed-choice.tsx'
import { usePlayer } from './use-player.ts'
import { usePlayerKeys } from './use-player-keys.ts'
import classes from './player-view.module.css'

export type Idle = 'as-recorded' | '2s' | '500ms'

interface PlayerViewProps {
  readonly replay: Replay
  /** Moment of the exchange at which it opens, in milliseconds. */
  readonly startMs: number
  readonly idle: Idle
  readonly onIdle: (idle: Idle) => void
  /** Where one stays, in milliseconds of the exchange. */
  readonly onStay: (atMs: number) => void
}

const IDLE_MS: Readonly<Record<Idle, number | null>> = {
  'as-recorded': null,
  '2s': 2_000,
  '500ms': 500,
}

export function PlayerView({ replay, startMs, idle, onIdle, onStay }: PlayerViewProps) {
  const frame = useRef<HTMLDivElement>(null)
  const timeline = useMemo(
    () => makeTimeline(replay.steps, replay.durationMs, IDLE_MS[idle], replay.heldMs),
    [replay, idle],
  )
  const assemble = useMemo(() => makeAssembler(replay.steps), [replay])
  const player = usePlayer(timeline, positionOf(timeline, startMs))
  const { positionMs, isPlaying, speed } = player
  const shown = stepsAt(timeline, positionMs)
  const channels = useMemo(() => assemble(shown), [assemble, shown])
  const atMs = recordedAt(timeline, positionMs)
  const stay = useRef(onStay)
  useEffect(() => {
    stay.current = onStay
  })
  useEffect(() => {
    // While it plays the address stays as it is; a moment is worth an address when one stays there.
    if (!isPlaying && positionMs > 0) stay.current(atMs)
  }, [isPlaying, atMs, positionMs])
  const copyLink = async (): Promise<void> => {
    const link = new URL(location.href)
    link.searchParams.set('t', formatMomentOf(atMs))
    await navigator.clipboard.writeText(link.href)
    notifications.show({ message: 'The link to this moment is copied.' })
  }
  const goFull = (): void => {
    if (document.fullscreenElement === null) void frame.current?.requestFullscreen()
    else void document.exitFullscreen()
  }
  usePlayerKeys(player, timeline.lengthMs, goFull)

  return (
    <div ref={frame} className={classes.player} data-playing={isPlaying || undefined}>
      <Screen channels={channels} isAtEnd={positionMs >= timeline.lengthMs} isPlaying={isPlaying} />
      <div className={classes.controls}>
        <Tooltip label={isPlaying ? 'Pause (space)' : 'Play (space)'} openDelay={400}>
          <ActionIcon
            size="lg"
            radius="xl"
            aria-label={isPlaying ? 'Pause' : 'Play'}
            onClick={player.toggle}
          >
            {isPlaying ? <IconPlayerPauseFilled size={17} /> : <IconPlayerPlayFilled size={17} />}
          </ActionIcon>
        </Tooltip>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Event before"
          onClick={() => player.step(-1)}
        >
          <IconPlayerSkipBack size={17} stroke={1.7} />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Next event"
          onClick={() => player.step(1)}
        >
          <IconPlayerSkipForward size={17} stroke={1.7} />
        </ActionIcon>
        <span className={classes.time} data-testid="position">
          {formatPosition(positionMs)} / {formatPosition(timeline.lengthMs)}
        </span>
        <SeekBar timeline={timeline} positionMs={positionMs} onSeek={player.seek} />
        <ActionIcon variant="subtle" color="gray" aria-label="Whole screen" onClick={goFull}>
          <IconMaximize size={17} stroke={1.7} />
        </ActionIcon>
      </div>
      <div className={classes.settings}>
        <SpeedChoice className={classes.setting} speed={speed} onChange={player.setSpeed} />
        <span className={classes.setting}>
          Pauses
          <Choice
            label="Longest pause"
            value={idle}
            options={[
              ['as-recorded', 'As recorded'],
              ['2s', 'At most 2 s'],
              ['500ms', 'At most 0.5 s'],
            ]}
            onChange={onIdle}
          />
        </span>
        <span className={classes.step}>
          event {shown} of {timeline.steps.length}, {(atMs / 1_000).toFixed(3)} s after arrival
        </span>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconLink size={15} stroke={1.7} />}
          onClick={() => void copyLink()}
        >
          Link to this moment
        </Button>
      </div>
    </div>
  )
}
