/** Pins an exchange to a case, from wherever it is shown, and names the cases it is in. */
import { Button, Modal, NativeSelect, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconPin } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { CaseEntry } from '../../api/cases.ts'
import {
  addEntry,
  caseQuery,
  casesOfExchangeQuery,
  openCase,
  openCasesQuery,
} from '../../api/cases.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { mayCall, useMe } from '../access/me.ts'
import form from '../../ui/form.module.css'
import classes from './pin-to-case.module.css'

const NEW = 'new'

export function PinToCase({ exchange }: { readonly exchange: string }) {
  const me = useMe()
  const [isShown, dialog] = useDisclosure(false)
  const mayPin = mayCall(me, 'cases.update')
  const known = useQuery({ ...casesOfExchangeQuery(exchange), enabled: mayPin })
  if (!mayPin) return null
  return (
    <span className={classes.pins}>
      {(known.data?.items ?? []).slice(0, 3).map((one) => (
        <Link key={one.id} to="/cases/$id" params={{ id: one.id }} className={classes.case}>
          case #{one.number}
        </Link>
      ))}
      <button type="button" className={classes.pin} onClick={dialog.open}>
        <IconPin size={15} stroke={1.7} aria-hidden="true" /> Pin to a case
      </button>
      <Modal opened={isShown} onClose={dialog.close} title="Pin to a case">
        <PinForm exchange={exchange} onDone={dialog.close} />
      </Modal>
    </span>
  )
}

type Span = NonNullable<CaseEntry['span']>

interface PinBlockProps {
  readonly exchange: string
  /** Index of the block in the request. */
  readonly block: number
  /** Length of its text. */
  readonly length: number
}

/** Pins a block of a request, or the part of it that is selected. */
export function PinBlock({ exchange, block, length }: PinBlockProps) {
  const me = useMe()
  const [span, setSpan] = useState<Span | null>(null)
  if (!mayCall(me, 'cases.update')) return null
  return (
    <>
      <button
        type="button"
        className={classes.pin}
        // A click would take the selection away before it is read.
        onMouseDown={(event) => event.preventDefault()}
        onClick={(event) => {
          const text = event.currentTarget.closest('article')?.querySelector('[data-kind="text"]')
          setSpan({
            part: 'request',
            block,
            ...(selectedIn(text ?? null) ?? { start: 0, end: length }),
          })
        }}
      >
        <IconPin size={13} stroke={1.7} aria-hidden="true" /> Pin block {block + 1}
      </button>
      <Modal opened={span !== null} onClose={() => setSpan(null)} title="Pin to a case">
        <PinForm exchange={exchange} span={span ?? undefined} onDone={() => setSpan(null)} />
      </Modal>
    </>
  )
}

interface PinFindingProps {
  readonly exchange: string
  /** Its place in the list of findings of the exchange. */
  readonly finding: number
  readonly entity: string
  /** Where it was seen, in words. */
  readonly place: string
}

/** Pins the place of a finding. */
export function PinFinding({ exchange, finding, entity, place }: PinFindingProps) {
  const me = useMe()
  const [isShown, dialog] = useDisclosure(false)
  if (!mayCall(me, 'cases.update')) return null
  const what = visibleLine(entity, 60)
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        aria-label={`Pin ${what}, ${place}`}
        onClick={dialog.open}
      >
        Pin
      </Button>
      <Modal opened={isShown} onClose={dialog.close} title="Pin to a case">
        <PinForm
          exchange={exchange}
          finding={finding}
          what={`${what}, where detection saw it: ${place}.`}
          onDone={dialog.close}
        />
      </Modal>
    </>
  )
}

/** Null where nothing of the element is selected. */
function selectedIn(element: Element | null): { start: number; end: number } | null {
  const selection = getSelection()
  if (element === null || selection === null || selection.rangeCount === 0) return null
  const range = selection.getRangeAt(0)
  if (range.collapsed || !element.contains(range.commonAncestorContainer)) return null
  const before = document.createRange()
  before.setStart(element, 0)
  before.setEnd(range.startContainer, range.startOffset)
  const start = before.toString().length
  return { start, end: start + range.toString().length }
}

interface PinFormProps {
  readonly exchange: string
  readonly span?: Span | undefined
  readonly finding?: number
  /** What is pinned of the exchange, where that is no span. */
  readonly what?: string
  readonly onDone: () => void
}

function PinForm({ exchange, span, finding, what, onDone }: PinFormProps) {
  const client = useQueryClient()
  const cases = useQuery(openCasesQuery)
  const open = (cases.data?.items ?? []).filter((one) => one.mayOpen && one.status !== 'closed')
  const [chosen, setChosen] = useState('')
  const [text, setText] = useState('')
  const id = chosen === '' ? (open[0]?.id ?? NEW) : chosen
  const pin = useMutation({
    mutationFn: async () => {
      const target =
        id === NEW
          ? await openCase({
              title: `About ${exchange}`,
              question: '',
              severity: 'medium',
              tlp: 'amber',
              sealed: false,
            })
          : { id }
      await addEntry(target.id, {
        kind: 'pin',
        target: exchange,
        ...(span === undefined ? {} : { span }),
        ...(finding === undefined ? {} : { finding }),
        text,
      })
      return target.id
    },
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['cases'] })
      await client.invalidateQueries({ queryKey: caseQuery(made).queryKey })
      notifications.show({ message: 'Pinned.' })
      onDone()
    },
  })
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault()
        pin.mutate()
      }}
    >
      <NativeSelect
        label="Case"
        data={[
          ...open.map((one) => ({
            value: one.id,
            label: `#${one.number} ${visibleLine(one.title, 80)}`,
          })),
          { value: NEW, label: 'A new case' },
        ]}
        value={id}
        onChange={(event) => setChosen(event.target.value)}
      />
      {what !== undefined && <p>{what}</p>}
      {span !== undefined && (
        <p>
          Block {(span.block ?? 0) + 1} of the request, characters {span.start} to {span.end}.
        </p>
      )}
      <Textarea
        label="Why it matters"
        autosize
        minRows={2}
        maxLength={10_000}
        value={text}
        data-autofocus
        onChange={(event) => setText(event.target.value)}
      />
      <FormProblem error={pin.error ?? cases.error} />
      <div className={form.row}>
        <Button type="submit" loading={pin.isPending}>
          Pin
        </Button>
      </div>
    </form>
  )
}
