/** Reads what people write for durations, sizes and listening addresses; each reading is a value or null. */
import type { Address } from './config.ts'

const DURATION = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/
const SIZE = /^(\d{1,15}(?:\.\d{1,3})?) ?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const UNIT_BYTES = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const

/** `250ms`, `30s`, `5m`, `1h`, `7d` or a plain number of milliseconds. */
export function parseDuration(written: string | number): number | null {
  return parseQuantity(written, DURATION, UNIT_MS)
}

/** `64KiB`, `100MB` or a plain number of bytes. */
export function parseSize(written: string | number): number | null {
  return parseQuantity(written, SIZE, UNIT_BYTES)
}

function parseQuantity(
  written: string | number,
  shape: RegExp,
  units: Readonly<Record<string, number>>,
): number | null {
  if (typeof written === 'number') {
    return Number.isSafeInteger(Math.round(written)) && written >= 0 ? Math.round(written) : null
  }
  const parts = shape.exec(written)
  const factor = units[parts?.[2] ?? '']
  if (factor === undefined) return null
  const amount = Math.round(Number(parts?.[1]) * factor)
  return Number.isSafeInteger(amount) && amount >= 0 ? amount : null
}

/** The largest unit that says `ms` exactly: 60000 is `1m`. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, UNIT_MS, 'ms')
}

/** The largest binary unit that says `bytes` exactly: 65536 is `64KiB`. */
export function formatSize(bytes: number): string {
  const { B, KiB, MiB, GiB, TiB } = UNIT_BYTES
  return formatQuantity(bytes, { B, KiB, MiB, GiB, TiB }, 'B')
}

function formatQuantity(
  amount: number,
  units: Readonly<Record<string, number>>,
  smallest: string,
): string {
  let text = `${String(amount)}${smallest}`
  for (const [unit, factor] of Object.entries(units)) {
    if (amount >= factor && amount % factor === 0) text = `${String(amount / factor)}${unit}`
  }
  return text
}

export type AddressReading =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'unreadable'; readonly hint: string }

const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/
const IPV6 = /^[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._-]{1,32})?$/

/** `host:port`, with brackets around an IPv6 host: `[::1]:8080`. */
export function parseAddress(text: string): AddressReading {
  const bracketed = /^\[([^\]]*)\]:(\d{1,6})$/.exec(text)
  const plain = /^([^:]*):(\d{1,6})$/.exec(text)
  const host = bracketed?.[1] ?? plain?.[1]
  if (host === undefined) return { kind: 'unreadable', hint: addressHint(text) }
  if (host === '') {
    return {
      kind: 'unreadable',
      hint: 'Name the host: 127.0.0.1 for this machine only, 0.0.0.0 for all.',
    }
  }
  const good =
    bracketed === null
      ? HOST.test(host)
      : IPV6.test(host) && URL.canParse(`http://[${host.split('%')[0] ?? ''}]/`)
  if (!good) return { kind: 'unreadable', hint: 'The host is not a host name or an IP address.' }
  const port = Number(bracketed?.[2] ?? plain?.[2])
  if (port > 65_535) return { kind: 'unreadable', hint: 'A port is a number from 0 to 65535.' }
  return { kind: 'address', address: { host, port } }
}

function addressHint(text: string): string {
  if (/^\d+$/.test(text)) return `Write the host too: 127.0.0.1:${text.slice(0, 6)}.`
  if (text.includes('://')) return 'Write host:port without a scheme or a path.'
  if (text.split(':').length > 2) return 'Put an IPv6 host in brackets: [::1]:8080.'
  return 'Write host:port, for example 127.0.0.1:8080.'
}
