/** What a found value is, told by its fingerprint. */
import type { ExchangeSearch } from '../model/exchange-query.ts'
import { FINGERPRINT_DIGITS } from '../model/masking.ts'

export async function prefixedFinding(search: ExchangeSearch, value: string): Promise<string> {
  const fingerprint = value.slice(0, FINGERPRINT_DIGITS)
  const [row] = await search.list({ values: { fingerprint: [fingerprint] } }, { limit: 1 })
  if (row === undefined) return ''
  const findings = await search.findingsOf([row.id])
  return findings.find((one) => one.fingerprint.startsWith(fingerprint))?.entity ?? ''
}
