/** The terminal form of a JSON log line: time, level, event, then `name=value`; what could drive the terminal is made visible. */
import { visibleLine } from '../lib/visible-text.ts'

const COLOURS: Readonly<Record<string, string>> = {
  trace: '90',
  debug: '90',
  info: '32',
  warn: '33',
  error: '31',
  fatal: '31',
}

/** `line` is one JSON object as the logger makes it. */
export function prettyLine(line: string): string {
  const record: unknown = JSON.parse(line)
  const fields = new Map(
    Object.entries(typeof record === 'object' && record !== null ? record : {}),
  )
  const take = (name: string): string => {
    const value: unknown = fields.get(name)
    fields.delete(name)
    return typeof value === 'string' ? value : ''
  }
  const level = take('level')
  const time = take('time').slice(11, 23)
  const event = visibleLine(take('event'))
  const stack = take('stack')
  const rest = [...fields].map(([name, value]) => `${name}=${shown(value)}`).join(' ')
  const head = `${time} \u001b[${COLOURS[level] ?? '0'}m${level.padEnd(5)}\u001b[0m ${event}`
  const tail =
    stack === ''
      ? ''
      : `\n${stack
          .split('\n')
          .map((frame) => `    ${visibleLine(frame)}`)
          .join('\n')}`
  return `${head}${rest === '' ? '' : ` \u001b[90m${rest}\u001b[0m`}${tail}\n`
}

function shown(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  const plain = visibleLine(value)
  return /^[\w./:@*-]+$/.test(plain) ? plain : `"${plain.replaceAll('"', '\\"')}"`
}
