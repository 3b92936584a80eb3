/** Says where in an exchange a traced text stands, as a reader is shown it: which block of the request, or the answer, and where in its text. */
import type { RecordedExchange } from '../../evidence/reader.ts'
import type { CaseSpan } from '../../model/cases.ts'
import type { FindingRecord } from '../../model/masking.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { blockParts } from '../block-parts.ts'
import type { ExchangeDesk } from '../exchange-desk.ts'
import type { Exposure, TraceResult } from '../trace/trace-result.ts'

/**
 * A record that cannot be read any more has no block: the span is then that of the text that was found.
 * What only detection saw stands where the record of its finding says.
 */
export async function pinSpan(
  desk: Pick<ExchangeDesk, 'recorded'>,
  { hits }: Pick<TraceResult, 'hits'>,
  { row, direction, hits: own }: Exposure,
): Promise<CaseSpan> {
  const places = own.flatMap((at) => hits[at] ?? [])
  const [best] = places.toSorted((a, b) => b.coverage - a.coverage)
  const span = best?.spans[0]
  const found: CaseSpan = {
    part: direction === 'received' ? 'answer' : 'request',
    block: null,
    start: span?.start ?? 0,
    end: span?.end ?? 0,
  }
  if (best?.place !== 'block' && best?.place !== 'finding') return found
  const reading = await desk.recorded(row)
  if (reading.kind === 'unreadable') return found
  const { recorded } = reading
  if (best.place === 'finding') return { ...found, ...findingAt(recorded, found, best.id) }
  const block = recorded.requestBlocks.findIndex(({ id }) => id === best.id)
  return { ...found, ...shownAt(recorded, block, span?.match ?? '') }
}

/** Where detection saw something; null where no record says so any more. The number counts its findings, those of the request first. */
export async function findingSpan(
  desk: Pick<ExchangeDesk, 'recorded'>,
  row: ExchangeRow,
  number: number,
): Promise<CaseSpan | null> {
  const reading = await desk.recorded(row)
  if (reading.kind === 'unreadable') return null
  const { facts, closing } = reading.recorded
  const ofRequest = facts.findings ?? []
  const isAnswer = number >= ofRequest.length
  const finding = isAnswer ? closing?.findings?.[number - ofRequest.length] : ofRequest[number]
  if (finding === undefined) return null
  const part = isAnswer ? ('answer' as const) : ('request' as const)
  return { part, block: null, start: 0, end: 0, ...placeOf(reading.recorded, part, finding) }
}

type Place = Partial<Pick<CaseSpan, 'block' | 'start' | 'end'>>

function findingAt(recorded: RecordedExchange, { part }: CaseSpan, fingerprint: string): Place {
  const { facts, closing } = recorded
  const findings = part === 'answer' ? closing?.findings : facts.findings
  const finding = findings?.find((one) => one.fingerprint === fingerprint)
  return finding === undefined ? {} : placeOf(recorded, part, finding)
}

function placeOf(
  recorded: RecordedExchange,
  part: CaseSpan['part'],
  { block, start, end }: Pick<FindingRecord, 'block' | 'start' | 'end'>,
): Place {
  const { requestBody } = recorded
  if (part === 'answer') return { start, end }
  if (block === null || requestBody === null) return {}
  return shownAt(recorded, block, spokenText(requestBody.toString('utf8', start, end)))
}

/** As it reads where it is written in JSON. */
function spokenText(written: string): string {
  try {
    const spoken: unknown = JSON.parse(`"${written}"`)
    return typeof spoken === 'string' ? spoken : written
  } catch {
    return written
  }
}

/** All of the block where it is spelled otherwise than it is shown, as in base64; nothing where there is no such block. */
function shownAt(
  { requestBody, requestBlocks }: RecordedExchange,
  block: number,
  match: string,
): Place {
  const found = requestBlocks[block]
  if (found === undefined || requestBody === null) return {}
  const bytes = requestBody.subarray(found.start, found.end)
  const texts = blockParts(bytes, found.role).map(({ text }) => text)
  for (const text of match === '' ? [] : texts) {
    const start = text.indexOf(match)
    if (start !== -1) return { block, start, end: start + match.length }
  }
  return { block, start: 0, end: texts[0]?.length ?? 0 }
}
