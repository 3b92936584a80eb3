/** What resolving needs to know, where it reports to, and how it reads paths. */
import { dirname, resolve } from 'node:path'
import type { ConfigProblem } from './config.ts'
import { mayFollow } from './prune.ts'
import { originOf, problemAt } from './problems.ts'
import type { Origins, Path, ProblemText } from './problems.ts'
import type { Environment } from './reference.ts'

export interface Refused {
  /** Top-level keys. */
  readonly sections: ReadonlySet<string>
  /** Names of upstreams. */
  readonly upstreams: ReadonlySet<string>
  /** Every place that was taken off. */
  readonly paths: readonly Path[]
}

export const NOTHING_REFUSED: Refused = { sections: new Set(), upstreams: new Set(), paths: [] }

export interface ResolveContext {
  readonly env: Environment
  readonly origins: Origins
  /** Absolute path of the file, or null. */
  readonly file: string | null
  /** Where relative paths start that were not written in the file. */
  readonly workingFolder: string
  /** What the schema refused and reported: nothing that follows from it is reported again. */
  readonly refused: Refused
  readonly problems: ConfigProblem[]
  readonly warnings: string[]
}

export function report(context: ResolveContext, path: Path, text: ProblemText): void {
  if (mayFollow(context.refused, path)) return
  context.problems.push(problemAt(context.origins, path, text))
}

/** Paths in the file start at its folder; paths from variables and flags at the working folder. */
export function pathOf(path: Path, written: string, context: ResolveContext): string {
  const inFile = context.file !== null && originOf(context.origins, path) === null
  return resolve(
    inFile && context.file !== null ? dirname(context.file) : context.workingFolder,
    written,
  )
}

/** Where relative `${file:}` paths start. */
export function secretFolder(context: ResolveContext): string {
  return context.file === null ? context.workingFolder : dirname(context.file)
}
