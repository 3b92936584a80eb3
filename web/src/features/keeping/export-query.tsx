/** The button beside the query bar that exports what the query matches. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconFileExport } from '@tabler/icons-react'
import type { ExportFilter } from '../../api/exports.ts'
import { mayCall, useMe } from '../access/me.ts'
import { ExportDialog } from './export-dialog.tsx'

interface ExportQueryProps {
  readonly filter: ExportFilter
  readonly text: string
  readonly total: number | null
}

export function ExportQuery({ filter, text, total }: ExportQueryProps) {
  const [isShown, dialog] = useDisclosure(false)
  if (!mayCall(useMe(), 'exports.create')) return null
  return (
    <>
      <Button
        variant="default"
        size="compact-md"
        leftSection={<IconFileExport size={15} stroke={1.7} />}
        onClick={dialog.open}
      >
        Export
      </Button>
      <ExportDialog
        selection={{ kind: 'query', filter, text, total }}
        isShown={isShown}
        onClose={dialog.close}
      />
    </>
  )
}
