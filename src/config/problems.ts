/** Collects what is wrong with a configuration, each with its place, and turns schema issues into plain words. */
import { looksSecret } from '../lib/secret-shape.ts'
import type { z } from 'zod'
import type { ConfigProblem } from './config.ts'
import { didYouMean } from '../lib/did-you-mean.ts'
import { allowedAt, knownKeys, noteOf, schemaAt } from './schema-walk.ts'
import { configSchema } from './schema.ts'
import { shownKey, shownPath, shownValue } from './shown.ts'
import type { Locate, Place } from './yaml-source.ts'

export type Path = readonly PropertyKey[]

/** Where values were written: a file, an environment variable or a flag. */
export interface Origins {
  /** Name of the file, or `environment` when there is none. */
  readonly file: string
  readonly locate: Locate
  /** Dotted path to `env NAME` or a flag, for values that were not written in the file. */
  readonly overrides: ReadonlyMap<string, string>
}

export interface ProblemText {
  readonly message: string
  readonly found?: string
  readonly allowed?: string
  readonly hint?: string
}

/** Builds a problem at `path`. `part` says whether its key or its value is at fault. */
export function problemAt(
  origins: Origins,
  path: Path,
  text: ProblemText,
  part: 'key' | 'value' = 'value',
): ConfigProblem {
  const { message, found = '', allowed = '', hint = '' } = text
  return { path: shownPath(path), ...placeOf(origins, path, part), message, found, allowed, hint }
}

export function originOf(origins: Origins, path: Path): string | null {
  for (let length = path.length; length > 0; length -= 1) {
    const name = origins.overrides.get(path.slice(0, length).join('.'))
    if (name !== undefined) return name
  }
  return null
}

function placeOf(
  origins: Origins,
  path: Path,
  part: 'key' | 'value',
): { readonly source: string; readonly line: number | null; readonly column: number | null } {
  const override = originOf(origins, path)
  if (override !== null) return { source: override, line: null, column: null }
  const place: Place | null = origins.locate(path, part)
  return { source: origins.file, line: place?.line ?? null, column: place?.column ?? null }
}

/** One problem for each thing the schema refused in `value`. */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  origins: Origins,
  root: unknown = configSchema,
): readonly ConfigProblem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey([...issue.path, key], origins, root))
      : [refusedValue(issue, value, origins, root)],
  )
}

function unknownKey(path: Path, origins: Origins, root: unknown): ConfigProblem {
  const written = String(path.at(-1))
  const known = knownKeys(schemaAt(root, path.slice(0, -1)))
  return problemAt(
    origins,
    path,
    {
      message: 'unknown key',
      found: shownKey(written),
      allowed: known.join(', '),
      hint: unknownKeyHint(written, known, root),
    },
    'key',
  )
}

function unknownKeyHint(written: string, known: readonly string[], root: unknown): string {
  if (looksSecret(written)) return 'Credentials are never written in this file.'
  const close = didYouMean(written, known)
  if (close !== null) return `Did you mean ${close}?`
  const home = knownKeys(root).find((section) =>
    knownKeys(schemaAt(root, [section])).includes(written),
  )
  return home === undefined ? 'Remove it.' : `It belongs under ${home}.`
}

function refusedValue(
  issue: z.core.$ZodIssue,
  value: unknown,
  origins: Origins,
  root: unknown,
): ConfigProblem {
  const schema = schemaAt(root, issue.path)
  if (issue.code === 'invalid_key') {
    return problemAt(
      origins,
      issue.path,
      {
        message: 'the name is not acceptable',
        found: shownKey(issue.path.at(-1) ?? ''),
        allowed:
          'a name of letters, digits and -; names of upstreams and classes are lower-case and begin with a letter',
      },
      'key',
    )
  }
  const written = valueAt(value, issue.path)
  const note = noteOf(schema)
  return problemAt(origins, issue.path, {
    message: written === undefined ? 'a required value is missing' : 'the value is not acceptable',
    found: shownValue(written, note?.secret ?? false),
    allowed: allowedAt(schema),
    hint: valueHint(written, allowedAt(schema)),
  })
}

function valueHint(written: unknown, allowed: string): string {
  if (typeof written !== 'string' || looksSecret(written)) return ''
  if (written.includes('${')) {
    return 'References are read only in credentials and headers; set other keys with CUSTODY_SECTION__KEY.'
  }
  const close = didYouMean(written, allowed.split(', '))
  return close === null || close === written ? '' : `Did you mean ${close}?`
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? Object.getOwnPropertyDescriptor(at, step)?.value
        : undefined,
    value,
  )
}
