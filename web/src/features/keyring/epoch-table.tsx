/** Epoch keys by segment: how old, for which retention classes, and under which root key they stand. */
import { useState } from 'react'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { formatDuration } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { ShowMore } from '../../ui/show-more.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import type { KeyringStatus } from '../../api/keyring.ts'
import forms from '../../ui/form.module.css'

type Root = KeyringStatus['root']
type Epoch = Root['epochs'][number]

const SHOWN = 10

export function EpochTable({ root }: { readonly root: Root }) {
  const [shown, setShown] = useState(SHOWN)
  const { epochs } = root
  return (
    <>
      <DataTable
        label="Epoch keys"
        rows={epochs.slice(0, shown)}
        rowKey={({ instance, segment }) => `${instance} ${segment}`}
        columns={columnsOf(root)}
      />
      {epochs.length > shown && <ShowMore onMore={() => setShown(shown + 50)} />}
    </>
  )
}

function columnsOf({ active }: Root): TableColumns<Epoch> {
  const nowMs = Date.now()
  return [
    {
      title: 'Segment',
      cell: ({ instance, segment }) => (
        <span className={forms.two}>
          {segment}
          <small className={forms.mono}>{instance}</small>
        </span>
      ),
    },
    {
      title: 'Made',
      cell: ({ createdAtMs }) => (
        <span className={forms.two}>
          <Moment ms={createdAtMs} />
          <small>{formatDuration(Math.max(0, nowMs - createdAtMs))} ago</small>
        </span>
      ),
    },
    { title: 'Retention classes', cell: ({ classes }) => classes.join(', ') },
    { title: 'Wrapped under', cell: ({ root }) => <code>{root}</code> },
    {
      title: 'State',
      cell: ({ root }) => <StateBadge state={root === active ? 'active' : 'to be wrapped anew'} />,
    },
  ]
}
