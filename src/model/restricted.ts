/** Content that one person alone does not open: which exchanges that is, and what another person allowed whom. */
import { globMatches } from '../lib/glob.ts'
import type { ExchangeRow } from './record.ts'

/** Globs with `*`; one that fits is enough. */
export interface RestrictedSettings {
  readonly routes: readonly string[]
  /** Proven or declared. */
  readonly services: readonly string[]
  readonly principals: readonly string[]
  /** Tags that policy rules gave. */
  readonly tags: readonly string[]
  readonly retentionClasses: readonly string[]
}

type Labelled = Pick<
  ExchangeRow,
  'route' | 'service' | 'declaredService' | 'principal' | 'tags' | 'retentionClass'
>

/** Why the content of an exchange is restricted, in words such as `route hr`; empty where it is not. */
export function restrictionsOf(settings: RestrictedSettings, row: Labelled): readonly string[] {
  const fits = (globs: readonly string[], values: readonly string[], name: string): string[] =>
    values
      .filter((value) => value !== '' && globs.some((glob) => globMatches(glob, value)))
      .map((value) => `${name} ${value}`)
  return [
    ...fits(settings.routes, [row.route], 'route'),
    ...fits(settings.services, [...new Set([row.service, row.declaredService])], 'service'),
    ...fits(settings.principals, [row.principal], 'principal'),
    ...fits(settings.tags, row.tags, 'tag'),
    ...fits(settings.retentionClasses, [row.retentionClass], 'retention'),
  ]
}

/** A request to open restricted content, and what became of it; one row for its whole life. */
export interface AccessRow {
  readonly id: string
  /** Who asks. */
  readonly person: string
  readonly exchanges: readonly string[]
  readonly reason: string
  /** So long it lasts once it was granted. */
  readonly minutes: number
  readonly createdAtMs: number
  /** Nobody decides about it after this. */
  readonly dueAtMs: number
  readonly state: 'pending' | 'granted' | 'refused'
  readonly decidedBy: string | null
  readonly decidedAtMs: number | null
  readonly decisionReason: string
  /** Of what was granted. */
  readonly expiresAtMs: number | null
  /** When the person gave it back, or took the request back. */
  readonly endedAtMs: number | null
}

export interface AccessDecision {
  readonly state: 'granted' | 'refused'
  readonly by: string
  readonly atMs: number
  readonly reason: string
  readonly expiresAtMs: number | null
}

export interface AccessTable {
  readonly insert: (row: AccessRow) => Promise<void>
  readonly byId: (id: string) => Promise<AccessRow | null>
  /** Newest first. */
  readonly list: (filter: {
    readonly person?: string
    readonly state?: AccessRow['state']
    /** Granted, not given back, and not over at this time. */
    readonly activeAtMs?: number
    readonly before?: string
    readonly limit: number
  }) => Promise<readonly AccessRow[]>
  /** False when it was decided, or taken back, before: the first decision holds. */
  readonly decide: (id: string, decision: AccessDecision) => Promise<boolean>
  /** False when it is somebody else's, or ended before. */
  readonly end: (id: string, person: string, atMs: number) => Promise<boolean>
}
