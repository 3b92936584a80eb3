/** In the place of an exchange that was erased: when, by which rule or request. */
import { useQuery } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { tombstoneQuery } from '../../api/keeping.ts'
import { mayCall, useMe } from '../access/me.ts'
import { Moment } from '../../ui/moment.tsx'
import { Notice } from '../../ui/notice.tsx'

export function ErasedNotice({ id }: { readonly id: string }) {
  const me = useMe()
  const tombstone = useQuery({ ...tombstoneQuery(id), enabled: mayCall(me, 'erasures.list') })
  const { data } = tombstone
  return (
    <Notice kind="empty" title="This exchange was erased, as recorded">
      {data === undefined ? (
        <p>Nothing of it is left. Admins, investigators and auditors see when and why.</p>
      ) : (
        <>
          <p>
            <Moment ms={data.erasedAtMs} /> by{' '}
            {data.cause === 'retention'
              ? `retention class ${data.rule}`
              : `request of ${visibleLine(data.actor, 80)}`}
            : {visibleLine(data.reason, 300)}
          </p>
          <p>
            Event {data.event}, erasure {data.erasure}.
          </p>
        </>
      )}
    </Notice>
  )
}
