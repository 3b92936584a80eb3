/** The form of a new alert: the search, where it is told, and how often at most. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { setAlert } from '../../api/alerts.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import form from '../../ui/form.module.css'
import { Panel } from '../../ui/panel.tsx'
import entity from '../entity/entity.module.css'
import { readQuery } from '../query/grammar.ts'

const MINUTE_MS = 60_000
const OFTEN = [
  { value: String(MINUTE_MS), label: 'once a minute' },
  { value: String(10 * MINUTE_MS), label: 'every ten minutes' },
  { value: String(60 * MINUTE_MS), label: 'once an hour' },
  { value: String(24 * 60 * MINUTE_MS), label: 'once a day' },
]

interface AlertFormProps {
  readonly channels: readonly string[]
  /** The search that one came from. */
  readonly initial: string
}

export function AlertForm({ channels, initial }: AlertFormProps) {
  const [q, setQ] = useState(initial)
  const [name, setName] = useState('')
  const [channel, setChannel] = useState(channels[0] ?? '')
  const [everyMs, setEveryMs] = useState(String(10 * MINUTE_MS))
  const client = useQueryClient()
  const { problem } = readQuery(q)
  const save = useMutation({
    mutationFn: setAlert,
    onSuccess: async () => {
      setQ('')
      setName('')
      await client.invalidateQueries({ queryKey: ['alerts'] })
    },
  })
  return (
    <Panel title="New alert" note="judges every exchange as it is indexed">
      <form
        className={`${form.form} ${entity.padded}`}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ q: q.trim(), name: name.trim(), channel, everyMs: Number(everyMs) })
        }}
      >
        <TextInput
          label="Search"
          placeholder="entity:API_KEY -service:ci/*"
          spellCheck={false}
          value={q}
          onChange={(event) => setQ(event.target.value)}
          error={problem === null ? null : `${problem.message} ${problem.hint}`}
        />
        <TextInput
          label="Name"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <NativeSelect
          label="Told to"
          data={[...channels]}
          value={channel}
          onChange={(event) => setChannel(event.target.value)}
        />
        <NativeSelect
          label="At most"
          description="What matches in between is told together."
          data={OFTEN}
          value={everyMs}
          onChange={(event) => setEveryMs(event.target.value)}
        />
        <FormProblem error={save.error} />
        <div className={form.row}>
          <Button
            type="submit"
            disabled={q.trim() === '' || name.trim() === '' || channel === '' || problem !== null}
            loading={save.isPending}
          >
            Set the alert
          </Button>
        </div>
      </form>
    </Panel>
  )
}
