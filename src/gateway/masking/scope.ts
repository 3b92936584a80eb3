/** Names the caller whose masks are alike. */
import type { Principal } from '../../model/principal.ts'

/** Two keys of one person are one caller; the same name of two issuers is not. */
export function scopeOf(principal: Principal | null): string {
  return principal === null ? '' : `${principal.kind}\0${principal.issuer}\0${principal.id}`
}
