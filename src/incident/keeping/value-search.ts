/** Says whether a text stands in a recorded exchange: in its body, its answer, or what is told about it; however it is written there. */
import type { EvidenceReader, RecordedExchange } from '../../evidence/reader.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { AnswerReading } from '../answer-reading.ts'

export interface ValueSearchParts {
  readonly reader: EvidenceReader
  readonly readAnswer: AnswerReading
  /** Undoes the content encoding of a request body; null when it cannot. */
  readonly decode: (encoding: string, body: Buffer) => Promise<Buffer | null>
}

export interface ValueSearch {
  /** Null when the exchange could not be read whole. */
  readonly isIn: (row: ExchangeRow) => Promise<boolean | null>
}

export function createValueSearch(parts: ValueSearchParts, value: string): ValueSearch {
  const needles = spellings(value).map((text) => Buffer.from(text))
  const isInAny = (texts: readonly Buffer[]): boolean =>
    texts.some((text) => needles.some((needle) => text.includes(needle)))
  return {
    isIn: async (row) => {
      try {
        const recorded = await parts.reader.readRow(row)
        const { texts, isWhole } = await textsOf(parts, recorded)
        if (isInAny(texts)) return true
        return isWhole && recorded.problems.length === 0 ? false : null
      } catch {
        return null
      }
    },
  }
}

/** As it is; as JSON writes it, also in plain ASCII; and as JSON within JSON (arguments of tools) does. */
export function spellings(value: string): readonly string[] {
  const once = [jsonText(value), asciiJson(value, false), asciiJson(value, true)]
  return [...new Set([value, ...once, ...once.map(jsonText)])]
}

const jsonText = (text: string): string => JSON.stringify(text).slice(1, -1)

function asciiJson(text: string, isUpper: boolean): string {
  return jsonText(text).replaceAll(/[\u0080-\uffff]/g, (unit) => {
    const digits = unit.charCodeAt(0).toString(16).padStart(4, '0')
    return `\\u${isUpper ? digits.toUpperCase() : digits}`
  })
}

async function textsOf(
  { readAnswer, decode }: ValueSearchParts,
  recorded: RecordedExchange,
): Promise<{ readonly texts: readonly Buffer[]; readonly isWhole: boolean }> {
  const { facts, closing, requestBody } = recorded
  const answer = await readAnswer(recorded)
  const body = Buffer.concat(answer.pieces)
  const request = requestBody ?? Buffer.concat(recorded.requestChunks.map(({ bytes }) => bytes))
  const encoding = facts.received.headers.find(
    ([name]) => name.toLowerCase() === 'content-encoding',
  )?.[1]
  const isPlain = encoding === undefined || request.length === 0
  const decoded = isPlain ? request : await decode(encoding, request)
  return {
    texts: [
      decoded ?? request,
      body,
      Buffer.from(JSON.stringify([facts, closing])),
      Buffer.from(assembled(answer.read(body))),
    ],
    isWhole: answer.problem === '' && decoded !== null,
  }
}

/** A value may stand across several events of a stream. */
function assembled(view: ReturnType<Awaited<ReturnType<AnswerReading>>['read']>): string {
  if (view === null) return ''
  const calls = view.toolCalls.map((call) => call.arguments)
  return [view.text, view.reasoning, view.refusal, ...calls].join('\n')
}
