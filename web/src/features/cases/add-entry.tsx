/** Writes into a case: a note, a task for somebody, or a link. */
import { Button, TextInput, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { addEntry, caseQuery } from '../../api/cases.ts'
import type { EntryWish } from '../../api/cases.ts'
import { Choice } from '../../ui/choice.tsx'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import classes from './add-entry.module.css'

type Kind = 'note' | 'task' | 'link'

export function AddEntry({ caseId }: { readonly caseId: string }) {
  const client = useQueryClient()
  const [kind, setKind] = useState<Kind>('note')
  const [text, setText] = useState('')
  const [about, setAbout] = useState('')
  const add = useMutation({
    mutationFn: () => addEntry(caseId, wishOf(kind, text, about)),
    onSuccess: async () => {
      setText('')
      setAbout('')
      await client.invalidateQueries({ queryKey: caseQuery(caseId).queryKey })
    },
  })
  return (
    <form
      className={classes.add}
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <Choice
        label="What to add"
        value={kind}
        options={[
          ['note', 'Note'],
          ['task', 'Task'],
          ['link', 'Link'],
        ]}
        onChange={setKind}
      />
      <Textarea
        aria-label={kind === 'link' ? 'Remark' : 'Text'}
        placeholder={kind === 'task' ? 'What is to be done' : 'What you found'}
        autosize
        minRows={2}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        error={fieldProblem(add.error, 'text')}
      />
      {kind !== 'note' && (
        <TextInput
          aria-label={kind === 'task' ? 'For (login)' : 'Address'}
          placeholder={kind === 'task' ? 'For: a login, or empty for yourself' : 'https://…'}
          value={about}
          onChange={(event) => setAbout(event.target.value)}
          error={fieldProblem(add.error, kind === 'task' ? 'assignee' : 'target')}
        />
      )}
      <FormProblem error={add.error} />
      <div className={classes.row}>
        <Button
          type="submit"
          size="compact-md"
          loading={add.isPending}
          disabled={kind === 'link' ? about.trim() === '' : text.trim() === ''}
        >
          Add
        </Button>
      </div>
    </form>
  )
}

function wishOf(kind: Kind, text: string, about: string): EntryWish {
  if (kind === 'link') return { kind, target: about.trim(), text }
  if (kind === 'note') return { kind, text }
  return { kind, text, ...(about.trim() === '' ? {} : { assignee: about.trim() }) }
}
