/** What one may do about keeping an exchange: hold it, export it; and whether it is held. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { Exchange } from '../../api/exchanges.ts'
import { mayCall, useMe } from '../access/me.ts'
import { ExportDialog } from './export-dialog.tsx'
import { HeldLink } from './held-mark.tsx'
import { HoldDialog } from './hold-dialog.tsx'

export function KeepingButtons({ exchange }: { readonly exchange: Exchange }) {
  const me = useMe()
  const [isHolding, holding] = useDisclosure(false)
  const [isExporting, exporting] = useDisclosure(false)
  const { id, holds } = exchange
  return (
    <>
      <HeldLink holds={holds} />
      {mayCall(me, 'holds.set') && (
        <Button size="compact-xs" variant="default" onClick={holding.open}>
          Hold
        </Button>
      )}
      {mayCall(me, 'exports.create') && (
        <Button size="compact-xs" variant="default" onClick={exporting.open}>
          Export
        </Button>
      )}
      <HoldDialog
        isShown={isHolding}
        onClose={holding.close}
        wish={{ kind: 'exchange', target: id }}
      />
      <ExportDialog
        selection={{ kind: 'exchanges', exchanges: [id] }}
        isShown={isExporting}
        onClose={exporting.close}
      />
    </>
  )
}
