/** The screening room: the window that fills, what is on stage, the reel below, and the keys of a player. */
import { ActionIcon, Button } from '@mantine/core'
import { useReducedMotion } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import {
  IconLink,
  IconMaximize,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
} from '@tabler/icons-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatBytes, formatDateTime, formatPosition } from '../../ui/format.ts'
import { useShortcuts } from '../keyboard/shortcuts.tsx'
import { SeekBar } from '../replay/seek-bar.tsx'
import { SpeedChoice } from '../replay/speed-choice.tsx'
import { formatMomentOf } from '../replay/timeline.ts'
import { usePlayer } from '../replay/use-player.ts'
import { usePlayerKeys } from '../replay/use-player-keys.ts'
import type { Film, Frame } from './film.ts'
import { SCENE_MS, frameAt, settledMs, withoutMotion } from './film.ts'
import { OnStage } from './on-stage.tsx'
import { Reel, whoOf } from './reel.tsx'
import { WindowMap } from './window-map.tsx'
import classes from './film-view.module.css'

interface FilmViewProps {
  readonly film: Film
  /** Moment at which it opens. */
  readonly startMs: number
  readonly onStay: (positionMs: number) => void
  /** Which turn is on, so that its content can be read in time. */
  readonly onTurn: (index: number) => void
}

export function FilmView({ film, startMs, onStay, onTurn }: FilmViewProps) {
  const room = useRef<HTMLDivElement>(null)
  const isStill = useReducedMotion() ?? false
  const player = usePlayer(film, Math.min(startMs, film.lengthMs))
  const { positionMs, isPlaying, speed } = player
  const [chosen, setChosen] = useState<string | null>(null)
  const seenMs = isStill && isPlaying ? withoutMotion(film, positionMs) : positionMs
  const frame = useMemo(() => frameAt(film, seenMs), [film, seenMs])
  const turn = Math.min(film.scenes.length - 1, Math.floor(positionMs / SCENE_MS))
  const told = useRef({ onStay, onTurn })
  useEffect(() => {
    told.current = { onStay, onTurn }
  })
  useEffect(() => {
    told.current.onTurn(turn)
    setChosen(null)
  }, [turn])
  useEffect(() => {
    if (!isPlaying && positionMs > 0) told.current.onStay(positionMs)
  }, [isPlaying, positionMs])
  const goFull = (): void => {
    if (document.fullscreenElement === null) void room.current?.requestFullscreen()
    else void document.exitFullscreen()
  }
  const toTurn = (index: number): void => {
    const scene = film.scenes[Math.min(film.scenes.length - 1, Math.max(0, index))]
    if (scene === undefined) return
    player.pause()
    player.seek(settledMs(scene))
  }
  usePlayerKeys(player, film.lengthMs, goFull)
  useShortcuts([
    { keys: 'j', says: 'Next turn', group: 'Film', run: () => toTurn(turn + 1) },
    { keys: 'k', says: 'Turn before', group: 'Film', run: () => toTurn(turn - 1) },
  ])
  if (frame === null) return null
  const all = [...frame.scene.blocks, ...(frame.scene.answer === null ? [] : [frame.scene.answer])]
  return (
    <div ref={room} className={classes.room}>
      <Head film={film} frame={frame} />
      <div className={classes.screen}>
        <WindowMap film={film} frame={frame} chosen={chosen} onChoose={setChosen} />
        <OnStage frame={frame} chosen={all.find(({ key }) => key === chosen) ?? null} />
      </div>
      <Reel film={film} current={frame.scene} onSeek={player.seek} />
      <div className={classes.controls}>
        <ActionIcon
          size="lg"
          radius="xl"
          aria-label={isPlaying ? 'Pause' : 'Play'}
          onClick={player.toggle}
        >
          {isPlaying ? <IconPlayerPauseFilled size={17} /> : <IconPlayerPlayFilled size={17} />}
        </ActionIcon>
        <ActionIcon
          variant="transparent"
          className={classes.quiet}
          aria-label="Turn before"
          onClick={() => toTurn(turn - 1)}
        >
          <IconPlayerSkipBack size={17} stroke={1.7} />
        </ActionIcon>
        <ActionIcon
          variant="transparent"
          className={classes.quiet}
          aria-label="Next turn"
          onClick={() => toTurn(turn + 1)}
        >
          <IconPlayerSkipForward size={17} stroke={1.7} />
        </ActionIcon>
        <span className={classes.time} data-testid="position">
          {formatPosition(positionMs)} / {formatPosition(film.lengthMs)}
        </span>
        <div className={classes.seek}>
          <SeekBar timeline={film} positionMs={positionMs} onSeek={player.seek} />
        </div>
        <SpeedChoice className={classes.speed} speed={speed} onChange={player.setSpeed} />
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconLink size={15} stroke={1.7} />}
          onClick={() => void copyLink(positionMs)}
        >
          Link to this moment
        </Button>
        <ActionIcon
          variant="transparent"
          className={classes.quiet}
          aria-label="Whole screen"
          onClick={goFull}
        >
          <IconMaximize size={17} stroke={1.7} />
        </ActionIcon>
      </div>
    </div>
  )
}

async function copyLink(positionMs: number): Promise<void> {
  const link = new URL(location.href)
  link.searchParams.set('t', formatMomentOf(positionMs))
  await navigator.clipboard.writeText(link.href)
  notifications.show({ message: 'The link to this moment is copied.' })
}

interface HeadProps {
  readonly film: Film
  readonly frame: Frame
}

function Head({ film, frame }: HeadProps) {
  const { scene, bytes } = frame
  const { exchange, number } = scene.turn
  const carried = scene.bytes === 0 ? 0 : Math.round((100 * scene.carriedBytes) / scene.bytes)
  return (
    <header className={classes.head}>
      <p className={classes.turn}>
        Turn <strong>{number}</strong> of {film.scenes.length}
      </p>
      <p>
        <strong>{visibleLine(whoOf(scene), 70)}</strong>
        {' to '}
        <strong>{visibleLine(exchange.model ?? exchange.surface, 50)}</strong>
        {' at '}
        {visibleLine(exchange.upstream, 40)}
      </p>
      <time dateTime={new Date(exchange.receivedAtMs).toISOString()}>
        {formatDateTime(exchange.receivedAtMs).slice(0, 19)} UTC
      </time>
      <p className={classes.fill}>
        <strong>{formatBytes(bytes)}</strong> in the window, {carried} % carried over
      </p>
    </header>
  )
}
