/** Why somebody does what is recorded with its reason. */
import { Textarea } from '@mantine/core'
import type { ReactNode } from 'react'

/** As the API demands it; it says so itself when the two differ. */
const REASON_MIN = 10
const REASON_MAX = 1000

interface ReasonFieldProps {
  readonly reason: string
  readonly onChange: (reason: string) => void
  /** For whom it is, once it is long enough. */
  readonly description: string
  readonly placeholder: string
  readonly isFirst?: boolean
  readonly error?: ReactNode
}

export function ReasonField({
  reason,
  onChange,
  description,
  placeholder,
  isFirst = false,
  error = null,
}: ReasonFieldProps) {
  const missing = missingInReason(reason)
  return (
    <Textarea
      label="Reason"
      description={missing > 0 ? `${missing} more characters` : description}
      placeholder={placeholder}
      autosize
      minRows={2}
      maxLength={REASON_MAX}
      value={reason}
      data-autofocus={isFirst || undefined}
      onChange={(event) => onChange(event.target.value)}
      error={error}
    />
  )
}

/** How many characters are missing; at most 0 where it is long enough. */
export const missingInReason = (reason: string): number => REASON_MIN - reason.trim().length
