/** Sorts IP addresses: public ones, private ones, and those that only an attacker or a mistake would name as a server. */
import { BlockList, isIP } from 'node:net'

export type AddressRange = 'public' | 'private' | 'link-local'

type Subnet = readonly [net: string, prefix: number, family: 'ipv4' | 'ipv6']

function blockList(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList()
  for (const [net, prefix, family] of subnets) list.addSubnet(net, prefix, family)
  return list
}

/** Where cloud metadata services live, and addresses that name no single host. */
const LINK_LOCAL = blockList([
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['0.0.0.0', 8, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['fd20:ce::254', 128, 'ipv6'],
  ['fd00:c1::a9fe:a9fe', 128, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  ['::', 128, 'ipv6'],
])

const PRIVATE = blockList([
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
])

/**
 * The range of an address, which may carry a zone (`fe80::1%eth0`). IPv4 inside IPv6 (mapped, compatible,
 * translated, NAT64 of RFC 6052 and RFC 8215, 6to4) is judged as the IPv4 address it means.
 */
export function addressRange(address: string): AddressRange {
  const plain = address.replace(/%.*$/, '')
  const embedded = embeddedIpv4(plain)
  if (embedded !== null) return addressRange(embedded)
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  if (LINK_LOCAL.check(plain, family)) return 'link-local'
  return PRIVATE.check(plain, family) ? 'private' : 'public'
}

function embeddedIpv4(address: string): string | null {
  if (isIP(address) !== 6) return null
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const hex =
    /^::(?:ffff:|ffff:0:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ??
    /^64:ff9b:(?:1:)?:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ??
    /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/.exec(canonical)
  if (hex === null) return null
  const high = Number.parseInt(hex[1] ?? '0', 16)
  const low = Number.parseInt(hex[2] ?? '0', 16)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
