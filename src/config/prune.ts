/** Takes off what the schema refused, and as little else as it can, so that the rest is still checked and all problems come at once. */
import type { z } from 'zod'
import type { Path } from './problems.ts'
import type { Refused } from './resolve-context.ts'
import { configSchema } from './schema.ts'
import type { CheckedConfig } from './schema.ts'

export interface Pruned {
  /** Null when nothing that passes was left. */
  readonly checked: CheckedConfig | null
  readonly refused: Refused
}

type Issue = z.core.$ZodIssue

/** Each round takes off something or gives up; a path is seldom deeper than this. */
const ROUNDS_MAX = 16

export function prune(value: unknown, issues: readonly Issue[]): Pruned {
  const paths: Path[] = []
  let left = value
  let open = issues
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const before = left
    for (const path of open.flatMap(pathsOf)) {
      if (paths.some((taken) => isPrefix(taken, path) && !has(left, path.slice(0, taken.length))))
        continue
      const taken = removable(left, path)
      paths.push(taken)
      left = without(left, taken)
    }
    if (left === before) break
    const parsed = configSchema.safeParse(left)
    if (parsed.success) return { checked: parsed.data, refused: refusedAt(paths) }
    open = parsed.error.issues
  }
  return { checked: null, refused: refusedAt(paths) }
}

/**
 * Whether a problem at `path` may only follow from what was taken off: it is that place, one above or below it, or a
 * neighbour that is judged together with it. Upstreams and routes are judged key by key.
 */
export function mayFollow(refused: Refused, path: Path): boolean {
  return refused.paths.some((taken) => {
    if (isPrefix(path, taken) || isPrefix(taken, path)) return true
    const together = taken.length > 1 && taken[0] !== 'upstreams' && taken[0] !== 'routes'
    return together && isPrefix(taken.slice(0, -1), path)
  })
}

function pathsOf(issue: Issue): readonly Path[] {
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => [...issue.path, key])
    : [issue.path]
}

/** The place itself where something is written there; else, and inside a list, what holds it. */
function removable(value: unknown, path: Path): Path {
  for (let length = path.length; length > 0; length -= 1) {
    const holder = at(value, path.slice(0, length - 1))
    if (isObject(holder) && !Array.isArray(holder) && has(value, path.slice(0, length)))
      return path.slice(0, length)
  }
  return []
}

function without(value: unknown, path: Path): unknown {
  const [step, ...rest] = path
  if (step === undefined) return {}
  if (Array.isArray(value)) {
    return value.map((inner: unknown, index) => (index === step ? without(inner, rest) : inner))
  }
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (key !== String(step)) return [[key, inner]]
      return rest.length === 0 ? [] : [[key, without(inner, rest)]]
    }),
  )
}

function refusedAt(paths: readonly Path[]): Refused {
  const sections = new Set<string>()
  const upstreams = new Set<string>()
  for (const [section, entry] of paths) {
    if (section === 'upstreams' && entry !== undefined) upstreams.add(String(entry))
    else if (section !== undefined) sections.add(String(section))
  }
  return { sections, upstreams, paths }
}

function has(value: unknown, path: Path): boolean {
  const last = path.at(-1)
  const holder = at(value, path.slice(0, -1))
  return last !== undefined && isObject(holder) && Object.hasOwn(holder, last)
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      isObject(inner) && Object.hasOwn(inner, step) ? Reflect.get(inner, step) : undefined,
    value,
  )
}

function isPrefix(short: Path, long: Path): boolean {
  return short.length <= long.length && short.every((step, index) => step === long[index])
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
