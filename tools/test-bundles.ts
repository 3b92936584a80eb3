/** Puts test files together that share a process: starting Node and loading the product once instead of three hundred times. */
import { dirname } from 'node:path'

const UNTRACKED = new URL('untracked-tests.ts', import.meta.url).href

export interface Bundle {
  readonly name: string
  readonly files: readonly string[]
}

/**
 * Those that wait for disks, clients and databases for the longest start first, so that none of them is the last one.
 * A process that starts gateways spends more than a second before its first test, so there are few of them; but enough
 * that they end at about the same time.
 */
const FIRST: ReadonlyMap<string, number> = new Map([
  ['test/console', 8],
  ['test/clients', 8],
  ['test', 12],
  ['src/evidence', 24],
  ['src/store', 12],
  ['src/cli', 12],
  ['src/api', 12],
])
export const FILES_MAX = 24

/** Counts the steps of code that is not optimised, which would make every other file of its process slow. */
const ALONE: ReadonlySet<string> = new Set(['test/masking-costs-the-same-per-byte.test.ts'])

/** Files of one room in the order of their names; a room with many of them is cut into parts of about the same size. */
export function bundlesOf(files: readonly string[]): readonly Bundle[] {
  const rooms = Map.groupBy(files.toSorted(), (file) => (ALONE.has(file) ? file : roomOf(file)))
  const order = [...rooms.keys()].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return order.flatMap((room) => {
    const all = rooms.get(room) ?? []
    const parts = Math.ceil(all.length / (FIRST.get(room) ?? FILES_MAX))
    // Dealt out like cards: neighbours are often heavy together.
    return Array.from({ length: parts }, (_, part) => ({
      name: `${room.replaceAll('/', '-')}-${part + 1}`,
      files: all.filter((_file, n) => n % parts === part),
    }))
  })
}

function roomOf(file: string): string {
  const [top = '', room = ''] = file.split('/')
  return dirname(file) === top ? top : `${top}/${room}`
}

function rank(room: string): number {
  const n = [...FIRST.keys()].indexOf(room)
  return n < 0 ? FIRST.size : n
}

/**
 * A module that runs each file as a suite of its own, so that hooks of a file are its own and reports say where a test
 * stands. Properties get one seed: what was green stays green until something changes; other seeds are for exploring.
 */
export function bundleSource(urls: ReadonlyMap<string, string>, seed: number | null): string {
  const suites = [...urls].map(
    ([file, url]) =>
      `untrackedSuite(${JSON.stringify(file)}, () => import(${JSON.stringify(url)}))\n`,
  )
  return [
    `import { untrackedSuite } from ${JSON.stringify(UNTRACKED)}\n`,
    ...(seed === null ? [] : [`import { configureGlobal } from 'fast-check'\n`]),
    ...(seed === null ? [] : [`configureGlobal({ seed: ${seed} })\n`]),
    ...suites,
  ].join('')
}
