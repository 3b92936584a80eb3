/** How the command line speaks: results on standard output, words about them on standard error, JSON Lines on request. */
import { once } from 'node:events'
import { visibleJson, visibleLine } from '../lib/visible-text.ts'
import { terminal } from './terminal.ts'

/**
 * Rules of our own output: results go to standard output and nothing else does; errors are `error:` with a `hint:`
 * below, no capitals, no full stop; text that came from callers or providers is made visible first.
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3 } as const

export function print(line: string): void {
  terminal().out.write(`${line}\n`)
}

export function printJson(value: unknown): void {
  terminal().out.write(jsonLine(value))
}

/** Like `printJson`, waiting while the reader of the pipe is slower than we are. */
export function writeJson(value: unknown): Promise<void> {
  return writeOut(jsonLine(value))
}

const jsonLine = (value: unknown): string => `${visibleJson(JSON.stringify(value))}\n`

/** Bytes go out exactly as they are: text from outside is made visible before, by the caller. */
export async function writeOut(chunk: string | Buffer): Promise<void> {
  if (!terminal().out.write(chunk)) await once(terminal().out, 'drain')
}

export function say(line: string): void {
  terminal().err.write(`${line}\n`)
}

/** Sets the exit code; the program ends by itself once its resources are closed. */
export function failWith(code: number, message: string, hint = ''): void {
  say(`error: ${visibleLine(message)}`)
  if (hint !== '') say(`hint: ${visibleLine(hint)}`)
  terminal().exitCode = code
}

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string
  readonly widthMax: number
  readonly align?: 'right'
}

/** A table with aligned columns; cells are made safe to show. */
export function printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const cells = rows.map((row) =>
    columns.map((column) => visibleLine(column.of(row), column.widthMax)),
  )
  const widths = columns.map((column, at) =>
    cells.reduce((width, line) => Math.max(width, line[at]?.length ?? 0), column.title.length),
  )
  const lineOf = (line: readonly string[]): string =>
    line
      .map((cell, at) =>
        columns[at]?.align === 'right'
          ? cell.padStart(widths[at] ?? 0)
          : cell.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd()
  print(lineOf(columns.map((column) => column.title)))
  for (const line of cells) print(lineOf(line))
}

/** `1.2 KiB`, `3.4 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`
}

/** `12ms`, `3.2s`, `4m10s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`
  return `${Math.floor(ms / 60_000)}m${Math.round((ms % 60_000) / 1000)}s`
}

/** UTC, to the millisecond, sortable. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}
