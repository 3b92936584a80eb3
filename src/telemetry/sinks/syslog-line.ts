/** A syslog message of RFC 5424, framed by its length in bytes (RFC 6587, RFC 5425) for a stream. */
import type { SinkEvent, SinkSeverity } from './sink-event.ts'

/** "Log audit" of RFC 5424, table 1. */
const FACILITY = 13
const SEVERITY: Readonly<Record<SinkSeverity, number>> = { info: 6, low: 5, medium: 4, high: 3 }

export function syslogLine({ type, atMs, severity }: SinkEvent, host: string, text: string) {
  const priority = FACILITY * 8 + SEVERITY[severity]
  // Printable ASCII only, of bounded length: a space would begin the next field.
  const hostName = host.replaceAll(/[^!-~]/g, '').slice(0, 255) || '-'
  return `<${priority}>1 ${new Date(atMs).toISOString()} ${hostName} custody - ${type.slice(0, 32)} - ${text}`
}

export function framed(line: string): Buffer {
  const bytes = Buffer.from(line)
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
}
