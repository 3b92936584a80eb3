/** The context window as a field of cells that fills: coloured by source, findings shining, masks drawn over. */
import { useMemo } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { COLUMNS, FIELD, ROWS, bytesOfCell, glowRun, pathOf, runsOf } from './cells.ts'
import type { Run } from './cells.ts'
import type { Film, FilmBlock, Frame } from './film.ts'
import { SOURCES } from './sources.ts'
import classes from './window-map.module.css'

interface WindowMapProps {
  readonly film: Film
  readonly frame: Frame
  readonly chosen: string | null
  readonly onChoose: (key: string) => void
}

const EMPTY: Run = { first: 0, count: COLUMNS * ROWS }

export function WindowMap({ film, frame, chosen, onChoose }: WindowMapProps) {
  const { scene, shares, answerShare, focus, scanShare } = frame
  const cellBytes = useMemo(() => bytesOfCell(film), [film])
  const runs = useMemo(() => runsOf(scene, cellBytes), [scene, cellBytes])
  const empty = useMemo(() => pathOf(EMPTY), [])
  const all = scene.answer === null ? scene.blocks : [...scene.blocks, scene.answer]
  return (
    <figure className={classes.figure} data-judged={scene.judged}>
      <svg
        viewBox={`-6 -6 ${FIELD.width + 12} ${FIELD.height + 12}`}
        className={classes.field}
        role="img"
        aria-label={describe(frame)}
      >
        <defs>
          <pattern id="film-mask" width="4" height="4" patternUnits="userSpaceOnUse">
            <rect width="4" height="4" className={classes.maskGround} />
            <path d="M-1 1l2-2M0 4l4-4M3 5l2-2" className={classes.maskLine} />
          </pattern>
        </defs>
        <path d={empty} className={classes.empty} />
        {all.map((block, at) => {
          const run = runs[at] ?? EMPTY
          const share = block === scene.answer ? answerShare : (shares[at] ?? 0)
          if (share === 0) return null
          return (
            <Cells
              key={block.key}
              block={block}
              run={{ first: run.first, count: Math.ceil(run.count * share) }}
              isFocus={block === focus}
              isChosen={block.key === chosen}
              onChoose={onChoose}
            />
          )
        })}
        {all.map((block, at) => {
          const run = runs[at] ?? EMPTY
          const share = block === scene.answer ? answerShare : (shares[at] ?? 0)
          return share < 1
            ? null
            : block.glows.map((glow, nth) => (
                <path
                  key={`${block.key} ${nth}`}
                  d={pathOf(glowRun(glow, block.from, run, cellBytes))}
                  className={classes.glow}
                  data-masked={glow.isMasked || undefined}
                  data-carried={block.isCarried || undefined}
                >
                  <title>
                    {visibleLine(glow.entity, 60)}
                    {glow.isMasked ? ', masked' : ''}
                  </title>
                </path>
              ))
        })}
        {scanShare !== null && (
          <rect
            x={scanShare * FIELD.width - 30}
            y={-6}
            width={60}
            height={FIELD.height + 12}
            className={classes.scan}
          />
        )}
      </svg>
      <figcaption className={classes.legend}>
        {SOURCES.map(({ source, label }) => (
          <span key={source}>
            <i data-source={source} /> {label}
          </span>
        ))}
        <span>
          <i data-source="user" data-carried /> carried over
        </span>
        <span>
          <i data-glow /> finding
        </span>
        <span>
          <i data-masked /> masked
        </span>
        <span className={classes.scale}>1 cell = {formatBytes(cellBytes)}</span>
      </figcaption>
    </figure>
  )
}

interface CellsProps {
  readonly block: FilmBlock
  readonly run: Run
  readonly isFocus: boolean
  readonly isChosen: boolean
  readonly onChoose: (key: string) => void
}

function Cells({ block, run, isFocus, isChosen, onChoose }: CellsProps) {
  const { first, count } = run
  const path = useMemo(() => pathOf({ first, count }), [first, count])
  return (
    <path
      d={path}
      className={classes.block}
      data-source={block.source}
      data-carried={block.isCarried || undefined}
      data-focus={isFocus || undefined}
      data-chosen={isChosen || undefined}
      onClick={() => onChoose(block.key)}
    >
      <title>
        {SOURCES.find(({ source }) => source === block.source)?.label ?? 'not read'}
        {block.isCarried ? ', carried over' : ''}, {formatBytes(block.bytes)}
      </title>
    </path>
  )
}

function describe({ scene, bytes }: Frame): string {
  const { blocks, turn, judged } = scene
  const carried = blocks.filter(({ isCarried }) => isCarried).length
  const glows = blocks.flatMap((block) => block.glows)
  const masked = glows.filter(({ isMasked }) => isMasked).length
  return [
    `Context window at turn ${turn.number}: ${formatBytes(bytes)}`,
    `${formatCount(blocks.length)} blocks, ${formatCount(carried)} carried over`,
    `${formatCount(glows.length)} findings, ${formatCount(masked)} masked`,
    ...(judged === 'passed' ? [] : [judged === 'held' ? 'held for a person' : 'stopped']),
  ].join(', ')
}
