/** Writes an event in the form that a tool reads, on one line with nothing invisible in it. */
import { visibleJson } from '../../lib/visible-text.ts'
import type { SinkFormat } from '../../model/export-settings.ts'
import { cefLine } from './cef.ts'
import { ecsDocument } from './ecs.ts'
import { ocsfEvent } from './ocsf.ts'
import { shownExchange } from './sink-event.ts'
import type { SinkEvent } from './sink-event.ts'

export function formatEvent(format: SinkFormat, event: SinkEvent, version: string): string {
  if (format === 'cef') return cefLine(event, version)
  if (format === 'ocsf') return jsonLine(ocsfEvent(event, version))
  return jsonLine(format === 'ecs' ? ecsDocument(event, version) : custodyDocument(event))
}

/** As Standard Webhooks has it: `type`, `timestamp`, `data`. */
function custodyDocument({ id, type, atMs, severity, exchange, event }: SinkEvent) {
  return {
    id,
    type,
    timestamp: new Date(atMs).toISOString(),
    severity,
    data: exchange === null ? event : shownExchange(exchange),
  }
}

/** Threat: names that callers choose could drive a terminal or reorder a line where this is read. */
export function jsonLine(value: unknown): string {
  return visibleJson(JSON.stringify(value))
}
