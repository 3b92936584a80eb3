/** What a trace answers: where the text stands, whose contexts held it, who was given it, and who looked at it since. */
import type { ExchangeId } from '../../lib/ids.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { Span } from './match.ts'

/** `sent`: the request held it. `received`: the answer returned it. */
export type Direction = 'sent' | 'received'

/** What passed on: to the provider of what was sent, to the caller of what was received. */
export type Treatment = 'raw' | 'masked' | 'stopped' | 'unknown'

/** A place whose text was read and in which the question stands. */
export interface Hit {
  readonly place: 'block' | 'answer' | 'upload' | 'finding'
  /** Of a block its id, of a finding its fingerprint, else the id of the exchange. */
  readonly id: string
  /** Of a finding what it is; else empty. */
  readonly entity: string
  readonly bytes: number
  readonly spans: readonly Span[]
  /** Share of the question that stands there, 0 to 1. */
  readonly coverage: number
}

export interface Exposure {
  readonly row: ExchangeRow
  readonly direction: Direction
  readonly treatment: Treatment
  /** Of the best of its hits. */
  readonly coverage: number
  /** Places in the list of hits. */
  readonly hits: readonly number[]
}

/** Someone or something that was exposed. */
export interface ExposedGroup {
  readonly value: string
  readonly exchanges: number
  readonly raw: number
  readonly masked: number
  readonly stopped: number
  readonly sent: number
  readonly received: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

export interface ExposedProvider extends ExposedGroup {
  readonly upstream: string
  readonly host: string
  /** Read from the host; empty where it names none. */
  readonly region: string
  readonly model: string
}

export interface Viewer {
  readonly person: string
  readonly name: string
  readonly exchanges: number
  readonly revealed: boolean
  readonly lastAtMs: number
}

export interface TraceResult {
  /** Normalised units of the question; the guarantee speaks of a hundred. */
  readonly units: number
  readonly values: number
  readonly first: {
    readonly atMs: number
    readonly exchange: ExchangeId
    readonly direction: Direction
  } | null
  readonly hits: readonly Hit[]
  /** Best first: most of the question, raw before masked, then earliest. */
  readonly exposures: readonly Exposure[]
  readonly principals: readonly ExposedGroup[]
  readonly services: readonly ExposedGroup[]
  readonly keys: readonly ExposedGroup[]
  readonly conversations: readonly ExposedGroup[]
  readonly providers: readonly ExposedProvider[]
  readonly viewers: readonly Viewer[]
  /** Documents that shared a fingerprint. */
  readonly candidates: number
  /** Of those, not looked at: there were too many, or they cannot be read. */
  readonly unconfirmed: number
  /** More exchanges held it than are listed. */
  readonly truncated: boolean
  /** The index has not read everything that is recorded. */
  readonly isBehind: boolean
}
