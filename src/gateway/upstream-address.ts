/** Refuses upstream addresses that only an attacker or a mistake would name: metadata services, link-local, private. */
import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import type { Upstream } from '../model/upstream.ts'
import { fail } from '../model/errors.ts'

function blockList(subnets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList {
  const list = new BlockList()
  for (const [net, prefix, family] of subnets) list.addSubnet(net, prefix, family)
  return list
}

/** Cloud metadata services live here; a credentialed request to them is never an LLM call. */
const LINK_LOCAL = blockList([
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['0.0.0.0', 8, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  ['::', 128, 'ipv6'],
])

const PRIVATE = blockList([
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
])

export type AddressVerdict = 'allowed' | 'link-local' | 'private'

/** Judges a resolved address. IPv4 inside IPv6 (mapped, NAT64 `64:ff9b::/96`) is judged as the IPv4 it means. */
export function judgeAddress(address: string): AddressVerdict {
  const plain = address.replace(/%.*$/, '')
  const embedded = embeddedIpv4(plain)
  if (embedded !== null) return judgeAddress(embedded)
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  if (LINK_LOCAL.check(plain, family)) return 'link-local'
  return PRIVATE.check(plain, family) ? 'private' : 'allowed'
}

function embeddedIpv4(address: string): string | null {
  if (isIP(address) !== 6) return null
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const hex = /^(?:::ffff:|::ffff:0:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (hex === null) return null
  const high = Number.parseInt(hex[1] ?? '0', 16)
  const low = Number.parseInt(hex[2] ?? '0', 16)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

type AddressPolicy = Pick<Upstream, 'allowLinkLocalAddresses' | 'allowPrivateAddresses'>

function isPermitted(address: string, policy: AddressPolicy): boolean {
  const verdict = judgeAddress(address)
  if (verdict === 'link-local') return policy.allowLinkLocalAddresses
  return verdict === 'allowed' || policy.allowPrivateAddresses
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
