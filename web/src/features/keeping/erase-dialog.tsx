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
import { ValueErasure } from './value-erasure.tsx'
import classes from '../../ui/form.module.css'

interface EraseDialogProps {
  readonly isShown: boolean
  /** An erasure of a text that was begun before; null for a new request. */
  readonly job: string | null
  readonly onClose: () => void
}

export function EraseDialog({ isShown, job, onClose }: EraseDialogProps) {
  const client = useQueryClient()
  const close = (): void => {
    for (const key of ['erasures', 'erasure-jobs', 'retention'])
      void client.invalidateQueries({ queryKey: [key] })
    onClose()
  }
  return (
    <Modal opened={isShown} onClose={close} title="Erase on request" size="lg">
      {job === null ? <EraseSteps onClose={close} /> : <ValueErasure job={job} onDone={close} />}
    </Modal>
  )
}

type Kind = ErasureScope['kind']
type NamedKind = Exclude<Kind, 'value'>

const KINDS: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'exchange', label: 'Exchanges, by id' },
  { value: 'principal', label: 'Everything that somebody sent' },
  { value: 'value', label: 'Every exchange in which a text stands' },
]

function EraseSteps({ onClose }: { readonly onClose: () => void }) {
  const me = useMe()
  const [kind, setKind] = useState<Kind>('exchange')
  const [result, setResult] = useState<ErasureResult | null>(null)
  if (result !== null) return <Receipt result={result} onDone={onClose} />
  const kinds = KINDS.filter(({ value }) => value !== 'value' || mayCall(me, 'content.reveal'))
  const choice = (
    <NativeSelect
      label="What"
      data={kinds.map((one) => ({ ...one }))}
      value={kind}
      onChange={({ target }) =>
        setKind(KINDS.find(({ value }) => value === target.value)?.value ?? kind)
      }
    />
  )
  if (kind === 'value')
    return (
      <ValueErasure job={null} onDone={onClose}>
        {choice}
      </ValueErasure>
    )
  return (
    <div className={classes.form}>
      {choice}
      <NamedSteps key={kind} kind={kind} onResult={setResult} />
    </div>
  )
}

interface NamedStepsProps {
  readonly kind: NamedKind
  readonly onResult: (result: ErasureResult) => void
}

/** What is named is found at once. */
function NamedSteps({ kind, onResult }: NamedStepsProps) {
  const [text, setText] = useState('')
  const [despiteMinimum, setDespite] = useState(false)
  const scope = scopeOf(kind, text)
  const preview = useMutation({ mutationFn: () => askErasure(scope, despiteMinimum) })
  const change = (act: () => void): void => {
    preview.reset()
    act()
  }
  return (
    <>
      <Textarea
        label={kind === 'exchange' ? 'Ids, parted by spaces or lines' : 'Name'}
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
              act={async (reason) => onResult(await eraseNow(scope, reason, despiteMinimum))}
              onDone={() => undefined}
            >
              <p>
                This cannot be taken back. What others refer to stays until they are erased too.
              </p>
            </ReasonForm>
          )}
        </>
      )}
    </>
  )
}

function Previewed({ preview }: { readonly preview: ErasurePreview }) {
  const { exchanges, refusals, truncated } = preview
  return (
    <div role="status">
      <p>
        {formatCount(exchanges.length)} {exchanges.length === 1 ? 'exchange' : 'exchanges'} can be
        erased
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

function scopeOf(kind: NamedKind, text: string): ErasureScope {
  const trimmed = text.trim()
  switch (kind) {
    case 'exchange':
      return { kind, exchanges: trimmed.split(/[\s,]+/).filter((id) => id !== '') }
    case 'principal':
      return { kind, principal: trimmed }
  }
}
