/** Refuses upstream addresses that only an attacker or a mistake would name: metadata services, link-local, private. */
import { lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { addressRange } from '../lib/address-range.ts'
import type { Upstream } from '../model/upstream.ts'
import { fail } from '../model/errors.ts'

type AddressPolicy = Pick<Upstream, 'allowLinkLocalAddresses' | 'allowPrivateAddresses'>

function isPermitted(address: string, policy: AddressPolicy): boolean {
  const range = addressRange(address)
  if (range === 'link-local') return policy.allowLinkLocalAddresses
  return range === 'public' || policy.allowPrivateAddresses
}

/** Judges a base URL whose host is an address literal (the URL parser has undone decimal, octal and hex spellings). */
export function literalHostProblem(baseUrl: string, policy: AddressPolicy): string | null {
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 0 || isPermitted(host, policy)) return null
  return `The address ${host} is in a refused range.`
}

/**
 * Resolves like the system, then refuses. Threat: DNS rebinding. The address that was judged is the one connected to,
 * since this function is what the socket itself calls.
 */
export function guardedLookup(policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0)
        return
      }
      const permitted = addresses.filter(({ address }) => isPermitted(address, policy))
      const [first] = permitted
      if (first === undefined) {
        callback(fail('upstream.address-refused'), '', 0)
        return
      }
      if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
}
