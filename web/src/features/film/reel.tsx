/** The whole film at a glance: a column for each turn, as high as its window, and below it who spoke to what. */
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatBytes, formatDateTime } from '../../ui/format.ts'
import type { Film, Scene, Source } from './film.ts'
import { settledMs } from './film.ts'
import classes from './reel.module.css'

interface ReelProps {
  readonly film: Film
  readonly current: Scene
  readonly onSeek: (positionMs: number) => void
}

const ORDER: readonly Source[] = ['unread', 'system', 'tools', 'user', 'tool', 'model']

export function Reel({ film, current, onSeek }: ReelProps) {
  return (
    <div className={classes.reel}>
      <ol className={classes.columns} aria-label="Turns">
        {film.scenes.map((scene) => (
          <li key={scene.turn.exchange.id}>
            <button
              type="button"
              className={classes.column}
              aria-label={nameOf(scene)}
              aria-current={scene === current ? 'step' : undefined}
              title={nameOf(scene)}
              onClick={() => onSeek(settledMs(scene))}
            >
              <Marks scene={scene} />
              <span className={classes.stack} aria-hidden="true">
                {layersOf(scene).map(({ key, source, isCarried, bytes }) => (
                  <span
                    key={key}
                    data-source={source}
                    data-carried={isCarried || undefined}
                    style={{ height: `${(100 * bytes) / film.capacity}%` }}
                  />
                ))}
              </span>
              <span className={classes.number} aria-hidden="true">
                {scene.turn.number}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <Lane label="who" groups={groupsOf(film, (scene) => whoOf(scene))} />
      <Lane
        label="to"
        groups={groupsOf(
          film,
          ({ turn: { exchange } }) =>
            `${exchange.model ?? exchange.surface} at ${exchange.upstream}`,
        )}
      />
    </div>
  )
}

function Marks({ scene }: { readonly scene: Scene }) {
  const all = scene.answer === null ? scene.blocks : [...scene.blocks, scene.answer]
  const fresh = all.filter(({ isCarried }) => !isCarried).flatMap(({ glows }) => glows)
  return (
    <span className={classes.marks} aria-hidden="true">
      {fresh.some(({ isMasked }) => !isMasked) && <i data-mark="finding" />}
      {fresh.some(({ isMasked }) => isMasked) && <i data-mark="mask" />}
      {scene.judged === 'held' && <i data-mark="hold" />}
      {scene.judged === 'stopped' && <i data-mark="stop" />}
    </span>
  )
}

function layersOf(scene: Scene) {
  const all = scene.answer === null ? scene.blocks : [...scene.blocks, scene.answer]
  const sums = new Map<string, { source: Source; isCarried: boolean; bytes: number }>()
  for (const { source, isCarried, bytes } of all) {
    const key = `${isCarried ? 'carried' : 'new'} ${source}`
    const before = sums.get(key)?.bytes ?? 0
    sums.set(key, { source, isCarried, bytes: before + bytes })
  }
  return [...sums]
    .map(([key, sum]) => ({ key, ...sum }))
    .toSorted(
      (a, b) =>
        Number(b.isCarried) - Number(a.isCarried) ||
        ORDER.indexOf(a.source) - ORDER.indexOf(b.source),
    )
}

interface Group {
  readonly value: string
  readonly scenes: number
}

function groupsOf(film: Film, valueOf: (scene: Scene) => string): readonly Group[] {
  const groups: { value: string; scenes: number }[] = []
  for (const scene of film.scenes) {
    const value = valueOf(scene)
    const last = groups.at(-1)
    if (last?.value === value) last.scenes += 1
    else groups.push({ value, scenes: 1 })
  }
  return groups
}

interface LaneProps {
  readonly label: string
  readonly groups: readonly Group[]
}

function Lane({ label, groups }: LaneProps) {
  return (
    <div className={classes.lane}>
      <span className={classes.laneLabel}>{label}</span>
      {groups.map(({ value, scenes }, at) => (
        <span key={at} style={{ flexGrow: scenes }} title={visibleLine(value, 120)}>
          {visibleLine(value, 60)}
        </span>
      ))}
    </div>
  )
}

export function whoOf({ turn: { exchange } }: Scene): string {
  const name = exchange.principal === '' ? 'unknown' : exchange.principal
  return exchange.service === '' || exchange.service === name
    ? name
    : `${name} in ${exchange.service}`
}

function nameOf(scene: Scene): string {
  const { turn, bytes, judged, blocks } = scene
  const found = blocks.filter(({ isCarried }) => !isCarried).flatMap(({ glows }) => glows).length
  return [
    `Turn ${turn.number}`,
    `${formatDateTime(turn.exchange.receivedAtMs).slice(0, 19)} UTC`,
    visibleLine(whoOf(scene), 60),
    formatBytes(bytes),
    ...(found > 0 ? [`${found} new findings`] : []),
    ...(judged === 'passed' ? [] : [judged === 'held' ? 'held' : 'stopped']),
  ].join(', ')
}
