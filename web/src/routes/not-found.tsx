/** An address that leads nowhere. */
import { Link } from '@tanstack/react-router'
import { Notice } from '../ui/notice.tsx'

export function NotFound() {
  return (
    <main>
      <Notice kind="empty" title="There is no page at this address">
        <Link to="/exchanges">Go to the live list</Link>
      </Notice>
    </main>
  )
}
