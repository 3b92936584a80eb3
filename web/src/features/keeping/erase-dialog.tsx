/** Erases on request: first says what would go and what stands in the way, then asks for the reason. */
import { Button, Checkbox, Modal, NativeSelect, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { askErasure, eraseNow } from '../../api/keeping.ts'
import type { ErasurePreview, ErasureResult, ErasureScope } from '../../api/keeping.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { mayCall, useMe } from '../access/me.ts'
import { ReasonForm } from './reason-form.tsx'
import classes from '../../ui/form.module.css'

interface EraseDialogProps {
  readonly isShown: boolean
  readonly onClose: () => void
}

export function EraseDialog({ isShown, onClose }: EraseDialogProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title="Erase on request" size="lg">
      <EraseSteps onClose={onClose} />
    </Modal>
  )
}

type Kind = ErasureScope['kind']

const KINDS: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'exchange', label: 'Exchanges, by id' },
  { value: 'principal', label: 'Everything that somebody sent' },
  { value: 'value', label: 'Every exchange in which a text stands' },
]

function EraseSteps({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient()
  const me = useMe()
  const [kind, setKind] = useState<Kind>('exchange')
  const [text, setText] = useState('')
  const [despiteMinimum, setDespite] = useState(false)
  const [result, setResult] = useState<ErasureResult | null>(null)
  const scope = scopeOf(kind, text)
  const preview = useMutation({ mutationFn: () => askErasure(scope, despiteMinimum) })
  const change = (act: () => void): void => {
    preview.reset()
    act()
  }
  if (result !== null) return <Receipt result={result} onDone={onClose} />
  const kinds = KINDS.filter(({ value }) => value !== 'value' || mayCall(me, 'content.reveal'))
  return (
    <div className={classes.form}>
      <NativeSelect
        label="What"
        data={kinds.map((one) => ({ ...one }))}
        value={kind}
        onChange={({ target }) =>
          change(() => setKind(KINDS.find(({ value }) => value === target.value)?.value ?? kind))
        }
      />
      <Textarea
        label={
          kind === 'exchange'
            ? 'Ids, parted by spaces or lines'
            : kind === 'value'
              ? 'The text'
              : 'Name'
        }
        description={
          kind === 'value'
            ? 'Everything that is recorded is read for it; the text itself is kept nowhere'
            : null
        }
        autosize
        minRows={1}
        value={text}
        data-autofocus
        onChange={(event) => change(() => setText(event.target.value))}
      />
      <Checkbox
        size="xs"
        label="Also before the minimum of its retention class; this is recorded"
        checked={despiteMinimum}
        onChange={(event) => change(() => setDespite(event.target.checked))}
      />
      {preview.data === undefined ? (
        <>
          <FormProblem error={preview.error} />
          <div className={classes.row}>
            <Button
              variant="default"
              disabled={text.trim() === ''}
              loading={preview.isPending}
              onClick={() => preview.mutate()}
            >
              See what would be erased
            </Button>
          </div>
        </>
      ) : (
        <>
          <Previewed preview={preview.data} />
          {preview.data.refusals.length === 0 && preview.data.exchanges.length > 0 && (
            <ReasonForm
              verb={`Erase ${formatCount(preview.data.exchanges.length)}`}
              isDangerous
              act={async (reason) => setResult(await eraseNow(scope, reason, despiteMinimum))}
              onDone={() => {
                void client.invalidateQueries({ queryKey: ['erasures'] })
                void client.invalidateQueries({ queryKey: ['retention'] })
              }}
            >
              <p>
                This cannot be taken back. What others refer to stays until they are erased too.
              </p>
            </ReasonForm>
          )}
        </>
      )}
    </div>
  )
}

function Previewed({ preview }: { readonly preview: ErasurePreview }) {
  const { exchanges, refusals, truncated, searched, unreadable } = preview
  return (
    <div role="status">
      <p>
        {formatCount(exchanges.length)} {exchanges.length === 1 ? 'exchange' : 'exchanges'} can be
        erased
        {searched > 0 &&
          `; ${formatCount(searched)} were read, ${formatCount(unreadable)} could not be`}
        {truncated && '; there is more, to be done afterwards'}.
      </p>
      {refusals.length > 0 && (
        <div className={classes.problem} role="alert">
          <p>Nothing is erased while something of it must stay:</p>
          {refusals.slice(0, 20).map(({ exchange, detail }) => (
            <p key={exchange}>
              <span className={classes.mono}>{exchange}</span> {visibleLine(detail, 300)}
            </p>
          ))}
        </div>
      )}
    </div>
  )
}

function Receipt({
  result,
  onDone,
}: {
  readonly result: ErasureResult
  readonly onDone: () => void
}) {
  const { erasures, request, refused, refusals } = result
  const receipt = new Blob([`${JSON.stringify(result, null, 2)}\n`], { type: 'application/json' })
  return (
    <div className={classes.form}>
      {refused !== null ? (
        <Previewed preview={refused} />
      ) : (
        <p>
          Erased {formatCount(erasures.reduce((sum, { exchanges }) => sum + exchanges.length, 0))}{' '}
          exchanges, {formatBytes(erasures.reduce((sum, { bytes }) => sum + bytes, 0))}. The receipt
          holds the proof that it stands in the transparency log.
        </p>
      )}
      {refusals.map(({ exchange, detail }) => (
        <p key={exchange}>
          {exchange}: {visibleLine(detail, 300)}
        </p>
      ))}
      <div className={classes.row}>
        {request !== null && (
          <Button
            variant="default"
            component="a"
            href={URL.createObjectURL(receipt)}
            download={`receipt-${request}.json`}
          >
            Download the receipt
          </Button>
        )}
        <Button onClick={onDone}>Done</Button>
      </div>
    </div>
  )
}

function scopeOf(kind: Kind, text: string): ErasureScope {
  const trimmed = text.trim()
  switch (kind) {
    case 'exchange':
      return { kind, exchanges: trimmed.split(/[\s,]+/).filter((id) => id !== '') }
    case 'principal':
      return { kind, principal: trimmed }
    case 'value':
      return { kind, value: text }
  }
}
