/** The first line and the headers of a message, in wire order. */
import type { Content } from '../../api/content.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import classes from './head-table.module.css'

type Head = Content['request']['received'] | NonNullable<Content['answer']['head']>

export function HeadTable({ head }: { readonly head: Head }) {
  const first =
    'status' in head
      ? `HTTP status ${head.status}${head.origin === 'gateway' ? ' (written by the gateway)' : ''}`
      : `${head.method} ${visibleLine(head.target, 2_000)} HTTP/${head.httpVersion}`
  return (
    <div className={classes.head} tabIndex={0} role="region" aria-label="Head of the message">
      <p className={classes.first}>{first}</p>
      <dl>
        {head.headers.map(([name, value], at) => (
          <div key={at}>
            <dt>{visibleLine(name, 200)}</dt>
            <dd data-removed={value === '(removed)' || undefined}>{visibleLine(value, 4_000)}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
