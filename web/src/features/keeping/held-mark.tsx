/** Marks what a legal hold lies on, and leads to the holds where there is room for a link. */
import { IconGavel } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './held-mark.module.css'

const titleOf = (holds: readonly string[]): string => `Legal hold ${holds.join(', ')}`

/** In a row that is a link itself. */
export function HeldMark({ holds }: { readonly holds: readonly string[] }) {
  if (holds.length === 0) return null
  return (
    <span className={classes.mark} role="img" aria-label="held" title={titleOf(holds)}>
      <IconGavel size={13} stroke={1.9} aria-hidden="true" />
    </span>
  )
}

export function HeldLink({ holds }: { readonly holds: readonly string[] }) {
  if (holds.length === 0) return null
  return (
    <Link to="/retention" title={titleOf(holds)}>
      <StateBadge state="held" />
    </Link>
  )
}
