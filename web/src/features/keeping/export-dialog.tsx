/** Exports exchanges, or what a query matches, as a signed bundle, which the browser then saves; or says who must approve it. */
import { Button, Checkbox, Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { exportFile, ordersQuery } from '../../api/exports.ts'
import type { ExportFilter, Exported } from '../../api/exports.ts'
import { mayCall, useMe } from '../access/me.ts'
import { RecipientsField, recipientsIn } from '../exports/recipients-field.tsx'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { ReasonForm } from './reason-form.tsx'
import classes from '../../ui/form.module.css'

export type ExportSelection =
  | { readonly kind: 'exchanges'; readonly exchanges: readonly string[] }
  | {
      readonly kind: 'query'
      readonly filter: ExportFilter
      /** As it stands in the query bar. */
      readonly text: string
      /** Null while it is counted. */
      readonly total: number | null
    }

interface ExportDialogProps {
  readonly selection: ExportSelection
  readonly isShown: boolean
  readonly onClose: () => void
}

export function ExportDialog({ selection, isShown, onClose }: ExportDialogProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title="Export as evidence">
      <ExportForm selection={selection} onClose={onClose} />
    </Modal>
  )
}

/** As the API has it. */
const EXCHANGES_MAX = 1000
const FORMATS = ['har', 'warc', 'jsonl', 'csv'] as const
type Format = (typeof FORMATS)[number]

function ExportForm({ selection, onClose }: Omit<ExportDialogProps, 'isShown'>) {
  const me = useMe()
  const client = useQueryClient()
  const [exhibit, setExhibit] = useState('')
  const [recipients, setRecipients] = useState('')
  const [isRaw, setRaw] = useState(false)
  const [formats, setFormats] = useState<string[]>([])
  const [done, setDone] = useState<Exported | null>(null)
  // What is asked for is what stood there when the dialog opened, however the list goes on.
  const [asked] = useState(() => upToNow(selection))
  const save = async (reason: string): Promise<void> => {
    const exported = await exportFile({
      ...(asked.kind === 'query' ? { filter: asked.filter } : { exchanges: [...asked.exchanges] }),
      exhibit,
      content: isRaw ? 'raw' : 'masked',
      formats: FORMATS.filter((format): format is Format => formats.includes(format)),
      recipients: recipientsIn(recipients),
      reason,
    })
    if (exported.kind === 'waits') await client.invalidateQueries(ordersQuery)
    setDone(exported)
  }
  if (done !== null) return <Done exported={done} onClose={onClose} />
  return (
    <ReasonForm
      verb="Export"
      isReady={asked.kind === 'exchanges' || asked.total !== 0}
      act={save}
      onDone={() => undefined}
    >
      <What selection={asked} />
      <p>
        One signed file with the record, its proofs and everybody who handled it. Others check it
        without this gateway. The export is recorded before anything leaves.
      </p>
      <TextInput
        label="Exhibit"
        description="What you call it"
        maxLength={200}
        value={exhibit}
        onChange={(event) => setExhibit(event.target.value)}
      />
      {mayCall(me, 'content.reveal') && (
        <Checkbox
          size="xs"
          label="Raw: content as it was. Otherwise letters and digits are replaced"
          checked={isRaw}
          onChange={(event) => setRaw(event.target.checked)}
        />
      )}
      <RecipientsField text={recipients} onChange={setRecipients} />
      <Checkbox.Group label="Also as" value={formats} onChange={setFormats}>
        <div className={`${classes.filters} ${classes.options}`}>
          {FORMATS.map((format) => (
            <Checkbox key={format} value={format} label={format.toUpperCase()} size="xs" />
          ))}
        </div>
      </Checkbox.Group>
    </ReasonForm>
  )
}

function upToNow(selection: ExportSelection): ExportSelection {
  if (selection.kind === 'exchanges' || selection.filter.untilMs !== undefined) return selection
  return { ...selection, filter: { ...selection.filter, untilMs: Date.now() } }
}

function What({ selection }: { readonly selection: ExportSelection }) {
  if (selection.kind === 'exchanges') return null
  const { text, total } = selection
  return (
    <p>
      {total === null
        ? 'Every exchange'
        : total > EXCHANGES_MAX
          ? `The newest ${formatCount(EXCHANGES_MAX)} of ${formatCount(total)} exchanges`
          : `${formatCount(total)} ${total === 1 ? 'exchange' : 'exchanges'}`}{' '}
      that {total === 1 ? 'matches' : 'match'}{' '}
      <code className={classes.mono}>{text === '' ? 'last:24h' : text}</code>; the query is written
      into the bundle.
    </p>
  )
}

interface DoneProps {
  readonly exported: Exported
  readonly onClose: () => void
}

function Done({ exported, onClose }: DoneProps) {
  return (
    <div className={classes.form} role="status">
      {exported.kind === 'saved' ? (
        <p>
          Saved as <code className={classes.mono}>{exported.name}</code>. Whoever is given it checks
          it with <code className={classes.mono}>custody verify</code>.
        </p>
      ) : (
        <p>
          Nothing has left yet: another person must approve exactly this, by{' '}
          <Moment ms={exported.expiresAtMs} />. It waits as{' '}
          <Link to="/approvals" search={{ show: 'exports' }}>
            {exported.order}
          </Link>
          , where you fetch it once it was approved.
        </p>
      )}
      <div className={classes.row}>
        <Button onClick={onClose}>Done</Button>
      </div>
    </div>
  )
}
