/** Renames a saved search or changes what it asks; alerts that hang on it follow. */
import { Button, Modal, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeView, searchOf } from '../../api/views.ts'
import type { SavedView } from '../../api/views.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { readQuery } from '../query/grammar.ts'
import classes from '../../ui/form.module.css'

interface EditViewProps {
  /** Null while none is edited. */
  readonly view: SavedView | null
  readonly onClose: () => void
}

export function EditView({ view, onClose }: EditViewProps) {
  return (
    <Modal opened={view !== null} onClose={onClose} title="Change the saved search">
      {view !== null && <EditForm key={view.etag} view={view} onDone={onClose} />}
    </Modal>
  )
}

function EditForm({ view, onDone }: { readonly view: SavedView; readonly onDone: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(view.name)
  const [q, setQ] = useState(searchOf(view))
  const { problem } = readQuery(q)
  const save = useMutation({
    mutationFn: () => {
      const search = new URLSearchParams(view.query)
      search.set('q', q.trim())
      return changeView(view, { name: name.trim(), query: search.toString() })
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['views'] })
      await client.invalidateQueries({ queryKey: ['alerts'] })
      onDone()
    },
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '' && problem === null) save.mutate()
      }}
    >
      <TextInput
        label="Name"
        maxLength={100}
        value={name}
        data-autofocus
        onChange={(event) => setName(event.target.value)}
      />
      <TextInput
        label="Search"
        spellCheck={false}
        value={q}
        onChange={(event) => setQ(event.target.value)}
        error={problem === null ? null : `${problem.message} ${problem.hint}`}
      />
      {view.alerts.length > 0 && (
        <p className={classes.note}>
          {view.alerts.length === 1 ? 'The alert' : `The ${view.alerts.length} alerts`} on it, for{' '}
          {channelsOf(view)}, {view.alerts.length === 1 ? 'follows' : 'follow'}.
        </p>
      )}
      <FormProblem error={save.error} />
      <div className={classes.row}>
        <Button
          type="submit"
          disabled={name.trim() === '' || problem !== null}
          loading={save.isPending}
        >
          Save
        </Button>
      </div>
    </form>
  )
}

export function channelsOf({ alerts }: SavedView): string {
  return [...new Set(alerts.map(({ channel }) => channel))].join(', ')
}
