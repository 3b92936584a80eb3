/** Sets a legal hold on an exchange, a conversation or everything that somebody sends. */
import { Modal, NativeSelect, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { makeHold } from '../../api/keeping.ts'
import type { HoldScope } from '../../api/keeping.ts'
import { ReasonForm } from './reason-form.tsx'

export interface HoldWish {
  readonly kind: 'exchange' | 'conversation' | 'principal'
  readonly target: string
}

const KINDS = [
  { value: 'exchange', label: 'One exchange' },
  { value: 'conversation', label: 'A conversation' },
  { value: 'principal', label: 'Everything of a person, job or service' },
] as const

/** What is shown with its holds. */
const SHOWING = ['holds', 'exchange', 'exchanges', 'thread', 'conversations', 'entity'] as const

const TARGETS: Readonly<Record<HoldWish['kind'], string>> = {
  exchange: 'Exchange id',
  conversation: 'Conversation id',
  principal: 'Name, as the list of exchanges shows it',
}

interface HoldDialogProps {
  readonly isShown: boolean
  readonly onClose: () => void
  readonly wish?: HoldWish
}

export function HoldDialog({ isShown, onClose, wish }: HoldDialogProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title="Set a legal hold">
      <HoldForm onClose={onClose} wish={wish ?? { kind: 'principal', target: '' }} />
    </Modal>
  )
}

function HoldForm({ wish, onClose }: { readonly wish: HoldWish; readonly onClose: () => void }) {
  const client = useQueryClient()
  const [kind, setKind] = useState(wish.kind)
  const [target, setTarget] = useState(wish.target)
  return (
    <ReasonForm
      verb="Hold"
      isReady={target.trim() !== ''}
      act={(reason) => makeHold(scopeOf(kind, target.trim()), reason)}
      onDone={() => {
        for (const kind of SHOWING) void client.invalidateQueries({ queryKey: [kind] })
        onClose()
      }}
    >
      <p>
        Nothing it covers is erased, by age or on request, until another person releases it. There
        is no end date.
      </p>
      <NativeSelect
        label="What"
        data={KINDS.map((one) => ({ ...one }))}
        value={kind}
        onChange={({ target: { value } }) =>
          setKind(KINDS.find((one) => one.value === value)?.value ?? 'exchange')
        }
      />
      <TextInput
        label={TARGETS[kind]}
        required
        maxLength={500}
        value={target}
        data-autofocus
        onChange={(event) => setTarget(event.target.value)}
      />
    </ReasonForm>
  )
}

function scopeOf(kind: HoldWish['kind'], target: string): HoldScope {
  switch (kind) {
    case 'exchange':
      return { kind, exchange: target }
    case 'conversation':
      return { kind, conversation: target }
    case 'principal':
      return { kind, principal: target }
  }
}
