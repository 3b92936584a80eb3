/** The form of a new alert: the search, where it is told, and how often at most. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { setAlert } from '../../api/alerts.ts'
import { searchOf, viewsQuery } from '../../api/views.ts'
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
  const [view, setView] = useState('')
  const views = useQuery(viewsQuery)
  const saved = (views.data?.items ?? []).filter(
    (one) => one.page === 'exchanges' && searchOf(one) !== '',
  )
  const chosen = saved.find(({ id }) => id === view)
  const [channel, setChannel] = useState(channels[0] ?? '')
  const [everyMs, setEveryMs] = useState(String(10 * MINUTE_MS))
  const client = useQueryClient()
  const { problem } = readQuery(q)
  const save = useMutation({
    mutationFn: setAlert,
    onSuccess: async () => {
      setQ('')
      setName('')
      setView('')
      await client.invalidateQueries({ queryKey: ['alerts'] })
      await client.invalidateQueries({ queryKey: ['views'] })
    },
  })
  return (
    <Panel title="New alert" note="judges every exchange as it is indexed">
      <form
        className={`${form.form} ${entity.padded}`}
        onSubmit={(event) => {
          event.preventDefault()
          const watched = chosen === undefined ? { q: q.trim(), name: name.trim() } : { view }
          save.mutate({ ...watched, channel, everyMs: Number(everyMs) })
        }}
      >
        {saved.length > 0 && (
          <NativeSelect
            label="Saved search"
            description="The alert follows it when it is renamed or changed, and stops with it"
            data={[
              { value: '', label: 'a new one' },
              ...saved.map((one) => ({ value: one.id, label: one.name })),
            ]}
            value={view}
            onChange={(event) => setView(event.target.value)}
          />
        )}
        <TextInput
          label="Search"
          placeholder="entity:API_KEY -service:ci/*"
          spellCheck={false}
          value={chosen === undefined ? q : searchOf(chosen)}
          readOnly={chosen !== undefined}
          onChange={(event) => setQ(event.target.value)}
          error={problem === null ? null : `${problem.message} ${problem.hint}`}
        />
        <TextInput
          label="Name"
          description={chosen === undefined ? 'The search is saved under it' : null}
          maxLength={100}
          readOnly={chosen !== undefined}
          value={chosen === undefined ? name : chosen.name}
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
            disabled={
              channel === '' ||
              (chosen === undefined && (q.trim() === '' || name.trim() === '' || problem !== null))
            }
            loading={save.isPending}
          >
            Set the alert
          </Button>
        </div>
      </form>
    </Panel>
  )
}
