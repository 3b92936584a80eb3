/** A value as the link to everything that is known of it. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { EntityKind } from '../../api/entities.ts'

interface EntityLinkProps {
  readonly kind: EntityKind
  readonly value: string
  readonly charsMax?: number
}

export function EntityLink({ kind, value, charsMax = 120 }: EntityLinkProps) {
  if (value === '') return <>–</>
  return (
    <Link to="/entity" search={{ kind, value }}>
      {visibleLine(value, charsMax)}
    </Link>
  )
}
