/** Makes a gateway key, then shows it this once. */
import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { keysQuery, makeKey } from '../../api/keys.ts'
import type { CreatedGatewayKey, KeyWish } from '../../api/keys.ts'
import { upstreamsQuery } from '../../api/operations.ts'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import { MadeOnceDialog } from '../../ui/made-once-dialog.tsx'
import { useMe } from '../access/me.ts'
import classes from '../../ui/form.module.css'

interface KeyDialogProps {
  readonly isShown: boolean
  readonly onClose: () => void
}

export function KeyDialog({ isShown, onClose }: KeyDialogProps) {
  const [made, setMade] = useState<CreatedGatewayKey | null>(null)
  const close = (): void => {
    setMade(null)
    onClose()
  }
  return (
    <MadeOnceDialog
      isShown={isShown}
      onClose={close}
      titles={['New gateway key', 'The new key']}
      label="Gateway key"
      made={made}
      form={<KeyForm onMade={setMade} />}
    >
      <p>
        Copy it now: only its hash is kept, so it cannot be shown again. Give it to{' '}
        <strong>{made?.key.owner}</strong> as the API key of any SDK.
      </p>
    </MadeOnceDialog>
  )
}

const DAY_MS = 86_400_000
const EXPIRIES = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
  { value: 'never', label: 'Never' },
] as const

function KeyForm({ onMade }: { readonly onMade: (made: CreatedGatewayKey) => void }) {
  const client = useQueryClient()
  const { person } = useMe()
  const upstreams = useQuery(upstreamsQuery)
  const [fields, setFields] = useState({
    name: '',
    owner: person.login,
    service: '',
    days: '90',
    models: '',
  })
  const [allowed, setAllowed] = useState<string[]>([])
  const set = (change: Partial<typeof fields>): void => setFields({ ...fields, ...change })
  const make = useMutation({
    mutationFn: () => makeKey(wishOf(fields, allowed)),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
      onMade(made)
    },
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <TextInput
        label="Name"
        description="What it is for, so that it can be told apart later"
        required
        maxLength={100}
        value={fields.name}
        data-autofocus
        onChange={(event) => set({ name: event.target.value })}
        error={fieldProblem(make.error, 'name')}
      />
      <TextInput
        label="Owner"
        description="Who answers for it: the principal of its exchanges"
        required
        maxLength={200}
        value={fields.owner}
        onChange={(event) => set({ owner: event.target.value })}
        error={fieldProblem(make.error, 'owner')}
      />
      <TextInput
        label="Service"
        description="The program that will use it, proven by the key from then on"
        maxLength={100}
        value={fields.service}
        onChange={(event) => set({ service: event.target.value })}
        error={fieldProblem(make.error, 'service')}
      />
      <NativeSelect
        label="Expires after"
        data={EXPIRIES.map((one) => ({ ...one }))}
        value={fields.days}
        onChange={(event) => set({ days: event.target.value })}
        error={fieldProblem(make.error, 'expiresInMs')}
      />
      <Checkbox.Group
        label="Upstreams it may call"
        description="None chosen means all, also later ones"
        value={allowed}
        onChange={setAllowed}
        error={fieldProblem(make.error, 'allowedUpstreams')}
      >
        <div className={`${classes.filters} ${classes.options}`}>
          {(upstreams.data?.items ?? []).map(({ name }) => (
            <Checkbox key={name} value={name} label={name} size="xs" />
          ))}
        </div>
      </Checkbox.Group>
      <TextInput
        label="Models it may call"
        description="Names parted by commas, * stands for anything; empty means all"
        placeholder="gpt-5*, claude-*"
        value={fields.models}
        onChange={(event) => set({ models: event.target.value })}
        error={fieldProblem(make.error, 'allowedModels')}
      />
      <FormProblem error={make.error} />
      <div className={classes.row}>
        <Button type="submit" disabled={fields.name.trim() === ''} loading={make.isPending}>
          Make the key
        </Button>
      </div>
    </form>
  )
}

function wishOf(
  fields: {
    readonly name: string
    readonly owner: string
    readonly service: string
    readonly days: string
    readonly models: string
  },
  upstreams: readonly string[],
): KeyWish {
  const models = fields.models
    .split(',')
    .map((model) => model.trim())
    .filter((model) => model !== '')
  return {
    name: fields.name.trim(),
    owner: fields.owner.trim(),
    service: fields.service.trim(),
    expiresInMs: fields.days === 'never' ? 'never' : Number(fields.days) * DAY_MS,
    allowedUpstreams: upstreams.length === 0 ? null : [...upstreams],
    allowedModels: models.length === 0 ? null : models,
  }
}
