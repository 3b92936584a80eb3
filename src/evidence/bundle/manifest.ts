/** The manifest of a bundle and the note that signs it. `docs/design/bundle-format.md` is its text. */
import { hash } from 'node:crypto'
import { isJsonObject } from '../../lib/json/loose.ts'
import type { ExchangeQuery } from '../../model/exchange-query.ts'
import type { NoteSigner } from '../log/note-key.ts'
import { formatNote, signText } from '../log/note.ts'

export const BUNDLE_FORMAT = 'custody-bundle'
export const BUNDLE_VERSION = 1
export const MANIFEST = 'manifest.json'
export const SIGNATURE = 'manifest.sig'

export interface BundledFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  /** Media type. */
  readonly type: string
}

export type ItemState = 'recorded' | 'open' | 'erased' | 'unreadable' | 'not-found'

export interface BundleItem {
  readonly exchange: string
  readonly state: ItemState
  /** For people; empty when recorded. */
  readonly why: string
  /** Indexes of its leaves in the log. */
  readonly opened: number | null
  readonly closed: number | null
}

export interface BundleHead {
  readonly id: string
  readonly exhibit: string
  readonly case: string | null
  readonly createdAtMs: number
  readonly tool: { readonly name: string; readonly version: string }
  readonly exporter: {
    readonly person: string
    readonly login: string
    readonly roles: readonly string[]
    readonly authentication: string
  }
  readonly reason: string
  readonly approvals: readonly string[]
  readonly selection: {
    readonly kind: 'exchanges' | 'query' | 'case'
    readonly exchanges: readonly string[]
    readonly query: ExchangeQuery | null
  }
  readonly content: 'raw' | 'masked'
  readonly recipients: readonly string[]
}

export interface Manifest extends BundleHead {
  readonly format: typeof BUNDLE_FORMAT
  readonly version: typeof BUNDLE_VERSION
  readonly redactions: readonly { readonly what: string; readonly how: string }[]
  readonly log: {
    readonly origin: string
    readonly keys: readonly string[]
    readonly size: number
  } | null
  readonly source: { readonly instances: readonly string[]; readonly clock: string }
  readonly items: readonly BundleItem[]
  readonly files: readonly BundledFile[]
}

/** No checkpoint reads like this: its second line would be a number. */
export function manifestNote(id: string, manifest: Buffer): string {
  return `custody bundle v1\n${id}\nsha256 ${hash('sha256', manifest, 'hex')}\n`
}

export function signManifest(id: string, manifest: Buffer, signer: NoteSigner): Buffer {
  const text = manifestNote(id, manifest)
  return formatNote({ text, signatures: [signText(text, signer, 0)] })
}

type Json = Readonly<Record<string, unknown>>

const isFile = (value: unknown): boolean =>
  isJsonObject(value) &&
  typeof value['path'] === 'string' &&
  Number.isSafeInteger(value['bytes']) &&
  typeof value['sha256'] === 'string'

const isIndex = (value: unknown): boolean => value === null || Number.isSafeInteger(value)

const isItem = (value: unknown): boolean =>
  isJsonObject(value) &&
  typeof value['exchange'] === 'string' &&
  typeof value['state'] === 'string' &&
  isIndex(value['opened']) &&
  isIndex(value['closed'])

function isManifest(value: Json): boolean {
  const { id, content, files, items, log } = value
  return (
    typeof id === 'string' &&
    (content === 'raw' || content === 'masked') &&
    Array.isArray(files) &&
    files.every(isFile) &&
    Array.isArray(items) &&
    items.every(isItem) &&
    (log === null ||
      (isJsonObject(log) && typeof log['origin'] === 'string' && Array.isArray(log['keys'])))
  )
}

/** Throws when this version does not know it. */
export function parseManifest(bytes: Buffer): Manifest {
  const value: unknown = JSON.parse(bytes.toString('utf8'))
  if (!isJsonObject(value) || value['format'] !== BUNDLE_FORMAT)
    throw new Error('this is no bundle')
  if (value['version'] !== BUNDLE_VERSION)
    throw new Error(`bundle version ${String(value['version'])} is not known`)
  if (!isManifest(value)) throw new Error('the manifest is malformed')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what readers use was checked above
  return value as unknown as Manifest
}
