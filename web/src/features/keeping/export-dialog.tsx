/** Exports exchanges as a signed bundle, which the browser then saves. */
import { Checkbox, Modal, TextInput, Textarea } from '@mantine/core'
import { useState } from 'react'
import { exportFile } from '../../api/keeping.ts'
import { mayCall, useMe } from '../access/me.ts'
import { ReasonForm } from './reason-form.tsx'
import classes from '../../ui/form.module.css'

interface ExportDialogProps {
  readonly exchanges: readonly string[]
  readonly isShown: boolean
  readonly onClose: () => void
}

export function ExportDialog({ exchanges, isShown, onClose }: ExportDialogProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title="Export as evidence">
      <ExportForm exchanges={exchanges} onClose={onClose} />
    </Modal>
  )
}

const FORMATS = ['har', 'warc', 'jsonl', 'csv'] as const
type Format = (typeof FORMATS)[number]

function ExportForm({ exchanges, onClose }: Omit<ExportDialogProps, 'isShown'>) {
  const me = useMe()
  const [exhibit, setExhibit] = useState('')
  const [recipients, setRecipients] = useState('')
  const [isRaw, setRaw] = useState(false)
  const [formats, setFormats] = useState<string[]>([])
  const save = async (reason: string): Promise<void> => {
    const { name, file } = await exportFile({
      exchanges: [...exchanges],
      exhibit,
      content: isRaw ? 'raw' : 'masked',
      formats: FORMATS.filter((format): format is Format => formats.includes(format)),
      recipients: recipients.split(/\s+/).filter((text) => text !== ''),
      reason,
    })
    const link = document.createElement('a')
    link.href = URL.createObjectURL(file)
    link.download = name
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <ReasonForm verb="Export" act={save} onDone={onClose}>
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
      <Textarea
        label="Encrypt to"
        description="age recipients (age1…), parted by lines; empty leaves it readable for everybody"
        autosize
        minRows={1}
        value={recipients}
        onChange={(event) => setRecipients(event.target.value)}
      />
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
