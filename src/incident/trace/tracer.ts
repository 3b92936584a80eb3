/** Traces a text through everything recorded: from fingerprints to read texts to who was exposed. */
import type { KeyProvider } from '../../evidence/key-provider.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import type { AuditTable } from '../../model/control.ts'
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { confirm, type ConfirmParts } from './confirm.ts'
import { blockDocument } from './documents.ts'
import { EpochRing } from './epoch-ring.ts'
import { groupsBy, providersOf } from './exposure-groups.ts'
import { TraceLookUp } from './look-up.ts'
import { readQuestion, unitsOf, type Question } from './match.ts'
import { selectionKey } from './trace-keys.ts'
import type { Direction, Exposure, Hit, TraceResult, Treatment } from './trace-result.ts'
import { treatmentByRecord, treatmentByRow, type TreatmentParts } from './treatment.ts'
import { TRACE_VERSIONS, type TraceVersions } from './versions.ts'
import { viewersOf } from './viewers.ts'

export interface TracerParts extends ConfirmParts, Pick<TreatmentParts, 'asSent'> {
  readonly search: ExchangeSearch
  readonly keyProvider: KeyProvider
  readonly secret: Buffer
  /** The fingerprint that detection gives a value. */
  readonly fingerprintOf: (value: string) => string
  /** Null where there is no trail to look at. */
  readonly audit: AuditTable | null
  readonly hostOf: (upstream: string) => string
  readonly isBehind: () => Promise<boolean>
  /** Those that may be met in the index; tests take others. */
  readonly versions?: TraceVersions
}

/** Longer questions are cut: what is shared is found by its first part. */
const QUESTION_CHARS_MAX = 200_000
const CONFIRMED_MAX = 400
const EXCHANGES_MAX = 5_000
/** Records that are read to see whether a mask hid it. */
const TREATED_MAX = 60
const FINDING_CHARS_MAX = 512

/** Per exchange and direction, which hits it holds. */
type Held = Map<
  string,
  { readonly id: ExchangeId; readonly direction: Direction; readonly hits: Set<number> }
>

export function createTracer(parts: TracerParts) {
  const lookUp = new TraceLookUp(
    parts.store,
    new EpochRing(parts.store, parts.keyProvider),
    selectionKey(parts.secret),
    parts.versions ?? TRACE_VERSIONS,
  )
  return {
    /** Total: what cannot be read is counted, not thrown. */
    trace: async (text: string): Promise<TraceResult> => {
      const question = readQuestion(text.slice(0, QUESTION_CHARS_MAX))
      const candidates = await lookUp.candidates(question)
      const hits: Hit[] = []
      const documents: number[] = []
      let unconfirmed = Math.max(0, candidates.length - CONFIRMED_MAX)
      for (const { document } of candidates.slice(0, CONFIRMED_MAX)) {
        const found = await confirm(parts, document, question)
        if (found.kind === 'unreadable') unconfirmed += 1
        if (found.kind !== 'hit') continue
        hits.push(found.hit)
        documents.push(found.document)
      }
      return exposed(parts, lookUp, {
        text,
        question,
        hits,
        documents,
        unconfirmed,
        candidates: candidates.length,
      })
    },
    /** The exposure of places that a scan found. */
    exposure: (hits: readonly Hit[]): Promise<TraceResult> =>
      exposed(parts, lookUp, {
        text: '',
        question: readQuestion(''),
        hits,
        documents: hits.map(({ place, id }) => (place === 'block' ? blockDocument(id) : -1)),
        unconfirmed: 0,
        candidates: hits.length,
      }),
    /** What the audit trail keeps of a question: nothing that could be read, but the same for the same text. */
    digest: (text: string): string => parts.fingerprintOf(`trace\0${text.trim()}`).slice(0, 16),
  }
}

interface Found {
  readonly text: string
  readonly question: Question
  readonly hits: readonly Hit[]
  readonly documents: readonly number[]
  readonly candidates: number
  readonly unconfirmed: number
}

async function exposed(
  parts: TracerParts,
  lookUp: TraceLookUp,
  found: Found,
): Promise<TraceResult> {
  const { question } = found
  const hits = [...found.hits]
  const { held, isWhole } = await holdersOf(parts, lookUp, found)
  const byFinding = await addFindings(parts, found.text, hits, held)
  const ids = [...new Set([...held.values()].map(({ id }) => id))].sort()
  const rows = new Map(
    (await parts.index.exchanges(ids.slice(0, EXCHANGES_MAX))).map((row) => [row.id, row]),
  )
  const exposures = await ranked(parts, { held, rows, hits, question, byFinding })
  const first = exposures.reduce<Exposure | null>(
    (least, one) => (least === null || one.row.receivedAtMs < least.row.receivedAtMs ? one : least),
    null,
  )
  return {
    units: unitsOf(question),
    values: question.values.size,
    first:
      first === null
        ? null
        : { atMs: first.row.receivedAtMs, exchange: first.row.id, direction: first.direction },
    hits,
    exposures,
    principals: groupsBy(exposures, ({ row }) => row.principal),
    services: groupsBy(exposures, ({ row }) => row.service),
    keys: groupsBy(exposures, ({ row }) => row.keyId),
    conversations: groupsBy(exposures, ({ row }) => row.conversation),
    providers: providersOf(exposures, parts.hostOf),
    viewers: await viewersOf(parts.audit, rows, first?.row.receivedAtMs ?? 0),
    candidates: found.candidates,
    unconfirmed: found.unconfirmed,
    truncated: !isWhole || ids.length > EXCHANGES_MAX,
    isBehind: await parts.isBehind(),
  }
}

async function holdersOf(
  parts: TracerParts,
  lookUp: TraceLookUp,
  { hits, documents }: Found,
): Promise<{ readonly held: Held; readonly isWhole: boolean }> {
  const held: Held = new Map()
  const blocks = documents.filter((_document, n) => hits[n]?.place === 'block')
  const { byBlock, isWhole } = await lookUp.holders(blocks)
  const numbers = new Set<number>()
  for (const holders of byBlock.values()) for (const number of holders) numbers.add(number)
  const ids = await parts.store.exchanges([...numbers])
  for (const [n, hit] of hits.entries()) {
    if (hit.place === 'block') {
      for (const number of byBlock.get(documents[n] ?? -1) ?? []) {
        const id = ids.get(number)
        if (id !== undefined) holdAt(held, id, 'sent', n)
      }
      // Whatever the index has read so far: the block lies in the frames of an exchange that held it.
      for (const { id, firstExchange } of await parts.index.blocksLike(hit.id)) {
        if (id === hit.id) holdAt(held, firstExchange, 'sent', n)
      }
    } else if (hit.place !== 'finding') {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- answers and uploads are named by their exchange
      holdAt(held, hit.id as ExchangeId, hit.place === 'answer' ? 'received' : 'sent', n)
    }
  }
  return { held, isWhole }
}

function holdAt(held: Held, id: ExchangeId, direction: Direction, hit: number): void {
  const name = `${id} ${direction}`
  const known = held.get(name) ?? { id, direction, hits: new Set<number>() }
  known.hits.add(hit)
  held.set(name, known)
}

/** Exchanges in which detection saw the very text, whatever it looks like. */
async function addFindings(
  parts: TracerParts,
  text: string,
  hits: Hit[],
  held: Held,
): Promise<ReadonlyMap<string, Treatment>> {
  const treatments = new Map<string, Treatment>()
  const value = text.trim()
  if (value === '' || value.length > FINDING_CHARS_MAX) return treatments
  const fingerprint = parts.fingerprintOf(value)
  const rows = await parts.search.list(
    { values: { fingerprint: [fingerprint] } },
    { limit: EXCHANGES_MAX },
  )
  if (rows.length === 0) return treatments
  const at = hits.length
  let entity = ''
  for (const finding of await parts.search.findingsOf(rows.map(({ id }) => id))) {
    if (finding.fingerprint !== fingerprint) continue
    entity = finding.entity
    const direction = finding.direction === 'request' ? 'sent' : 'received'
    const name = `${finding.exchange} ${direction}`
    if (!held.has(name)) {
      treatments.set(name, finding.operator === 'keep' ? 'raw' : 'masked')
    }
    holdAt(held, finding.exchange, direction, at)
  }
  hits.push({ place: 'finding', id: fingerprint, entity, bytes: 0, spans: [], coverage: 1 })
  return treatments
}

async function ranked(
  parts: TracerParts,
  found: {
    readonly held: Held
    readonly rows: ReadonlyMap<ExchangeId, ExchangeRow>
    readonly hits: readonly Hit[]
    readonly question: Question
    readonly byFinding: ReadonlyMap<string, Treatment>
  },
): Promise<readonly Exposure[]> {
  const { held, rows, hits, question, byFinding } = found
  const exposures: Exposure[] = []
  let read = 0
  for (const [name, { id, direction, hits: own }] of held) {
    const row = rows.get(id)
    if (row === undefined) continue
    let treatment =
      row.state === 'refused' ? 'stopped' : (byFinding.get(name) ?? treatmentByRow(row, direction))
    if (treatment === null && read < TREATED_MAX) {
      read += 1
      const by = { ...parts, read: (one: ExchangeRow) => parts.reader.readRow(one) }
      treatment = await treatmentByRecord(by, row, direction, question)
    }
    exposures.push({
      row,
      direction,
      treatment: treatment ?? 'unknown',
      coverage: Math.max(0, ...[...own].map((hit) => hits[hit]?.coverage ?? 0)),
      hits: [...own],
    })
  }
  return exposures.sort(
    (a, b) =>
      b.coverage - a.coverage ||
      WEIGHT[b.treatment] - WEIGHT[a.treatment] ||
      a.row.receivedAtMs - b.row.receivedAtMs ||
      // What was sent comes before what was answered to it.
      (a.direction < b.direction ? 1 : -1),
  )
}

const WEIGHT: Readonly<Record<Treatment, number>> = { raw: 3, unknown: 2, masked: 1, stopped: 0 }
