/** Tells whether what stands in a record passed on as it was, masked, or not at all. */
import type { RecordedExchange } from '../../evidence/reader.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { AnswerReading } from '../answer-reading.ts'
import { answerTexts } from './answer-texts.ts'
import { coverage, spansIn, type Question } from './match.ts'
import { textOf } from './encoded-text.ts'
import type { Direction, Treatment } from './trace-result.ts'

export interface TreatmentParts {
  readonly read: (row: ExchangeRow) => Promise<RecordedExchange>
  /** The exchange with the masks that were carried out. */
  readonly asSent: (recorded: RecordedExchange) => Promise<RecordedExchange>
  readonly readAnswer: AnswerReading
}

/** Less of the question than this share of what stood there: something of it was masked. */
const WHOLE = 0.98

/** What is known from the row alone; null when the record must be read. */
export function treatmentByRow(row: ExchangeRow, direction: Direction): Treatment | null {
  if (row.state === 'refused') return 'stopped'
  return row.findingsIn.includes(direction === 'sent' ? 'request' : 'answer') ? null : 'raw'
}

export async function treatmentByRecord(
  parts: TreatmentParts,
  row: ExchangeRow,
  direction: Direction,
  question: Question,
): Promise<Treatment> {
  try {
    const recorded = await parts.read(row)
    const passed = await parts.asSent(recorded)
    const [before, after] =
      direction === 'sent'
        ? [requestTexts(recorded), requestTexts(passed)]
        : [
            answerTexts(await parts.readAnswer(recorded)),
            answerTexts(await parts.readAnswer(passed)),
          ]
    const stood = covered(before, question)
    if (stood === 0) return 'unknown'
    return covered(after, question) >= stood * WHOLE ? 'raw' : 'masked'
  } catch {
    return 'unknown'
  }
}

function requestTexts({ requestBody }: RecordedExchange): readonly string[] {
  const text = requestBody === null ? null : textOf(requestBody)
  return text === null ? [] : [text]
}

function covered(texts: readonly string[], question: Question): number {
  return coverage(
    texts.flatMap((text) => spansIn(text, question)),
    question,
  )
}
