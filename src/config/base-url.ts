/** Checks and normalises the base URL of an upstream: no secrets in it, no way back into the gateway itself. */
import { isIP, isIPv4 } from 'node:net'
import { addressRange } from '../lib/address-range.ts'
import type { AddressRange } from '../lib/address-range.ts'
import type { DialectName } from '../model/dialect.ts'
import type { Address } from './config.ts'

export type HostRange = 'name' | AddressRange

export type BaseUrlReading =
  | {
      readonly kind: 'url'
      /** No trailing slash. */
      readonly baseUrl: string
      readonly range: HostRange
      readonly clearText: boolean
    }
  | { readonly kind: 'unreadable'; readonly hint: string }

/** Callers' paths of these dialects always bring the version; the gateway joins `/v1` of the others. */
const VERSION_SEGMENT: Readonly<Partial<Record<DialectName, RegExp>>> = {
  gemini: /\/v1(?:alpha|beta)?$/,
  ollama: /\/api$/,
}

const REGION = '{region}'
const REGION_STAND_IN = 'region-stand-in'

export function readBaseUrl(written: string, dialect: DialectName): BaseUrlReading {
  const url = URL.parse(written.trim().replaceAll(REGION, REGION_STAND_IN))
  if (url === null) return unreadable('Write the whole URL, for example https://api.example.com.')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return unreadable('The URL begins with https:// or http://.')
  }
  if (url.username !== '' || url.password !== '') {
    return unreadable('Put the credential into `credential`, not into the URL.')
  }
  if (url.search !== '' || url.hash !== '') {
    return unreadable('Remove the query; keys in a query are sent with `credential`.')
  }
  const path = url.pathname.replace(/\/+$/, '').replace(VERSION_SEGMENT[dialect] ?? '', '')
  return {
    kind: 'url',
    baseUrl: `${url.origin}${path}`.replaceAll(REGION_STAND_IN, REGION),
    range: hostRange(url.hostname),
    clearText: url.protocol === 'http:',
  }
}

function unreadable(hint: string): BaseUrlReading {
  return { kind: 'unreadable', hint }
}

/** The range of a host that is written as an address; `name` needs DNS and is checked when it is connected to. */
export function hostRange(host: string): HostRange {
  const bare = host.replace(/^\[|\]$/g, '')
  if (/^(?:.+\.)?localhost\.?$/i.test(bare)) return 'private'
  if (/^metadata\.google\.internal\.?$/i.test(bare)) return 'link-local'
  return isIP(bare) === 0 ? 'name' : addressRange(bare)
}

/** True when a call to `baseUrl` would come back to one of the gateway's own listeners. */
export function pointsAt(baseUrl: string, listeners: readonly Address[]): boolean {
  const url = URL.parse(baseUrl)
  if (url === null) return false
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return listeners.some(
    (listener) =>
      listener.port === port &&
      (listener.host === host || (isLocal(host) && isLocal(listener.host))),
  )
}

/** Loopback, or every address of this machine. */
function isLocal(host: string): boolean {
  const bare = host.toLowerCase()
  if (bare === '::1' || bare === '::' || bare === '0.0.0.0' || /(?:^|\.)localhost\.?$/.test(bare)) {
    return true
  }
  // Threat: `127.0.0.1.evil.example` is a name like any other.
  return (
    (isIPv4(bare) && bare.startsWith('127.')) ||
    bare.startsWith('::ffff:127.') ||
    bare.startsWith('::ffff:7f')
  )
}

/** True for a host that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return isLocal(host) && host !== '0.0.0.0' && host !== '::'
}
