/** Finds the exchange a command was asked for, or says why it cannot be given. */
import type { RecordedExchange } from '../evidence/reader.ts'
import type { ExchangeId } from '../lib/ids.ts'
import { isExchangeId } from '../lib/ids.ts'
import type { DataFolder } from './data-folder.ts'
import { EXIT, failWith, say, timeText } from './output.ts'
import { visibleLine } from '../lib/visible-text.ts'
import { recordReading } from './record-reading.ts'
import { terminal } from './terminal.ts'

/** Null for text that is no exchange id; then it was said. */
export function exchangeIdFrom(text: string): ExchangeId | null {
  if (isExchangeId(text)) return text
  failWith(
    EXIT.usage,
    `${text} is not an exchange id`,
    'ids look like ex_01k... with 26 characters after ex_; custody exchanges lists them',
  )
  return null
}

/** Null when it is not recorded or cannot be read; then it was said and the exit code is set. The reading itself is recorded. */
export async function findExchange(
  data: DataFolder,
  id: ExchangeId,
  operation: string,
): Promise<RecordedExchange | null> {
  let exchange: RecordedExchange | null
  try {
    exchange = await data.reader.readExchange(id)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    failWith(
      EXIT.failed,
      `the record of ${id} cannot be read: ${reason}`,
      'custody reindex lists every damaged place',
    )
    return null
  }
  if (exchange === null) {
    const tombstone = await data.index.erasure.tombstone(id)
    if (tombstone !== null) {
      const { erasedAtMs, cause, rule, actor, event, reason } = tombstone
      const by = cause === 'retention' ? `retention class ${rule}` : `request of ${actor}`
      failWith(
        EXIT.notFound,
        `${id} was erased, as recorded, at ${timeText(erasedAtMs)} UTC by ${visibleLine(by)}: ${visibleLine(reason)}`,
        `nothing of it is left; event ${event} stands in the evidence`,
      )
      return null
    }
    failWith(
      EXIT.notFound,
      `no exchange ${id} is recorded in ${data.folder}`,
      'custody exchanges lists the ids; --data names another folder',
    )
    return null
  }
  return (await recordReading(data, { operation, records: [id] })) ? exchange : null
}

/** A record that does not verify is never shown as if it did. */
export function reportProblems({ problems }: { readonly problems: readonly string[] }): void {
  if (problems.length === 0) return
  say('error: this record does not verify:')
  for (const problem of problems) say(`  ${visibleLine(problem)}`)
  terminal().exitCode = EXIT.failed
}
