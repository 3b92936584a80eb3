/** The window as a field of cells: which cells a block takes, and the outline of a run of them. Pure. */
import type { Film, Glow, Scene } from './film.ts'

export const COLUMNS = 72
export const ROWS = 27
const PITCH = 12
const GAP = 2

export const FIELD = { width: COLUMNS * PITCH - GAP, height: ROWS * PITCH - GAP } as const

export interface Run {
  readonly first: number
  readonly count: number
}

/** Bytes of one cell, so that the fullest window of the film still fits; each block takes one cell at least. */
export function bytesOfCell({ scenes, capacity }: Film): number {
  const cells = COLUMNS * ROWS
  let bytes = Math.max(1, Math.ceil(capacity / cells))
  while (bytes < capacity && scenes.some((scene) => cellsOf(scene, bytes) > cells))
    bytes = Math.ceil(bytes * 1.08)
  return bytes
}

function cellsOf({ blocks, answer }: Scene, cellBytes: number): number {
  const all = answer === null ? blocks : [...blocks, answer]
  return all.reduce((sum, { bytes }) => sum + cellCount(bytes, cellBytes), 0)
}

function cellCount(bytes: number, cellBytes: number): number {
  return Math.max(1, Math.ceil(bytes / cellBytes))
}

/** One run for each block, and one more for the answer where there is one. */
export function runsOf({ blocks, answer }: Scene, cellBytes: number): readonly Run[] {
  let first = 0
  return (answer === null ? blocks : [...blocks, answer]).map(({ bytes }) => {
    const run = { first, count: cellCount(bytes, cellBytes) }
    first += run.count
    return run
  })
}

/** The cells of a finding within the run of its block. */
export function glowRun(glow: Glow, from: number, run: Run, cellBytes: number): Run {
  const start = Math.min(run.count - 1, Math.floor((glow.from - from) / cellBytes))
  const end = Math.min(run.count, Math.ceil((glow.to - from) / cellBytes))
  return { first: run.first + start, count: Math.max(1, end - start) }
}

/** Squares, as the data of an SVG path. */
export function pathOf({ first, count }: Run): string {
  const size = PITCH - GAP
  const squares: string[] = []
  for (let cell = first; cell < Math.min(first + count, COLUMNS * ROWS); cell += 1) {
    const x = (cell % COLUMNS) * PITCH
    const y = Math.floor(cell / COLUMNS) * PITCH
    squares.push(`M${x} ${y}h${size}v${size}h-${size}z`)
  }
  return squares.join('')
}
