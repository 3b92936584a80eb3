/** Looks into every text of the record for anything at all: slow, always right, can be stopped and taken up again. */
import type { Disk } from '../../evidence/disk.ts'
import { listInstances, scanInstance } from '../../evidence/segment-scan.ts'
import type { InstanceId } from '../../lib/ids.ts'
import type { TracePlace } from '../../store/trace/trace-store.ts'
import { spanOf, type Span } from './match.ts'
import { RecordItems, type RecordItemsOptions } from './record-items.ts'
import { textPieces } from './texts-of.ts'
import type { Hit } from './trace-result.ts'

/** Every match in one text, in order. */
export type Finder = (text: string) => readonly { readonly start: number; readonly end: number }[]

export interface RecordScan extends RecordItemsOptions {
  readonly disk: Disk
  readonly finder: Finder
  /** Goes on behind what an earlier scan had looked into. */
  readonly from: TracePlace | null
  readonly isOver: () => boolean
  readonly onProgress: (progress: ScanProgress) => void
}

export interface ScanProgress {
  /** Bytes of frames looked at since the scan began. */
  readonly bytes: number
  readonly hits: number
}

export interface ScanEnd {
  readonly hits: readonly Hit[]
  /** Where to go on; null when everything was looked into. */
  readonly next: TracePlace | null
}

const SPANS_MAX = 20
const HITS_MAX = 2_000

/** Never ends with nothing: what was found until it was stopped is its answer, with the place to go on from. */
export async function scanRecord(options: RecordScan): Promise<ScanEnd> {
  const { disk, folder, from, isOver, onProgress } = options
  const items = new RecordItems(options)
  const hits: Hit[] = []
  let bytes = 0
  for (const instance of await listInstances(disk, folder)) {
    if (from !== null && instance < from.instance) continue
    const start = from?.instance === instance ? from : null
    for await (const found of scanInstance(disk, folder, instance, start)) {
      if (found.kind !== 'frame') continue
      // Between tickets only: an opening must be read together with the blocks before it.
      if (found.head.startsGroup && (isOver() || hits.length >= HITS_MAX)) {
        return { hits, next: placeOf(found.address) }
      }
      for (const item of (await items.of(found)).items) {
        if (item.kind !== 'block' && item.kind !== 'part') continue
        const spans = spansOf(item.text, options.finder)
        if (spans.length === 0) continue
        hits.push({
          place: item.kind === 'block' ? 'block' : item.part,
          id: item.kind === 'block' ? item.id : item.exchange,
          entity: '',
          bytes: Buffer.byteLength(item.text),
          spans,
          coverage: 1,
        })
      }
      bytes += found.head.length
      onProgress({ bytes, hits: hits.length })
    }
  }
  return { hits, next: null }
}

function spansOf(text: string, finder: Finder): readonly Span[] {
  return textPieces(text)
    .flatMap((piece) =>
      finder(piece.text).map(({ start, end }) => ({
        ...spanOf(piece, start, end),
        kind: 'passage' as const,
        from: 0,
        to: 0,
      })),
    )
    .slice(0, SPANS_MAX)
}

/** Whatever its case. */
export function textFinder(wanted: string): Finder {
  const needle = wanted.toLowerCase()
  return (text) => {
    const hay = text.toLowerCase()
    // Some letters change their length with their case: then places are those of the text as it is.
    const [stack, needed] = hay.length === text.length ? [hay, needle] : [text, wanted]
    const found: { start: number; end: number }[] = []
    for (let at = stack.indexOf(needed); at >= 0 && found.length < SPANS_MAX;) {
      found.push({ start: at, end: at + needed.length })
      at = stack.indexOf(needed, at + needed.length)
    }
    return found
  }
}

function placeOf(address: TracePlace): TracePlace {
  const { instance, segment, offset } = address
  return { instance, segment, offset }
}

/** As it is written and read by people: `in_…:3:4096`. */
export function writePlace({ instance, segment, offset }: TracePlace): string {
  return `${instance}:${segment}:${offset}`
}

export function readPlace(text: string): TracePlace | null {
  const found = /^(in_[0-9a-hjkmnp-tv-z]{26}):(\d{1,10}):(\d{1,15})$/.exec(text)
  if (found === null) return null
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its shape was checked
  const instance = found[1] as InstanceId
  return { instance, segment: Number(found[2]), offset: Number(found[3]) }
}
