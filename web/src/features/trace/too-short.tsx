/** Says of a text that leaves no fingerprint by itself that it cannot be traced, instead of that nobody saw it. */
import { Link } from '@tanstack/react-router'
import type { TraceAnswer } from '../../api/trace.ts'
import { Notice } from '../../ui/notice.tsx'

/** Units of a fingerprint. */
const LEAST_UNITS = 24

/** Only detection could have seen it: that nobody is found says nothing. */
export function isTooShort({ units, values, first }: TraceAnswer): boolean {
  return first === null && units < LEAST_UNITS && values === 0
}

export function TooShort({ units }: { readonly units: number }) {
  return (
    <Notice kind="empty" title="This text is too short to be traced">
      <p>
        It has {units} letters and digits; {LEAST_UNITS} are the least, unless it is a key, an
        address or a number. A <Link to="/hunts">hunt</Link> looks for it in everything that is
        recorded.
      </p>
    </Notice>
  )
}
