/** Opens a case: its question first, since a case without one never ends. */
import { Button, Checkbox, Modal, NativeSelect, TextInput, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { openCase } from '../../api/cases.ts'
import type { Case, CaseWish } from '../../api/cases.ts'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import classes from '../../ui/form.module.css'
import { SEVERITIES, TLPS } from './case-labels.tsx'

interface NewCaseProps {
  readonly isShown: boolean
  readonly onClose: () => void
  readonly onMade: (made: Case) => void
}

const EMPTY: CaseWish = { title: '', question: '', severity: 'medium', tlp: 'amber', sealed: false }

export function NewCase({ isShown, onClose, onMade }: NewCaseProps) {
  const client = useQueryClient()
  const [fields, setFields] = useState(EMPTY)
  const set = (change: Partial<CaseWish>): void => setFields({ ...fields, ...change })
  const open = useMutation({
    mutationFn: () => openCase(fields),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['cases'] })
      setFields(EMPTY)
      onMade(made)
    },
  })
  return (
    <Modal opened={isShown} onClose={onClose} title="New case">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          open.mutate()
        }}
      >
        <TextInput
          label="Title"
          required
          maxLength={200}
          value={fields.title}
          data-autofocus
          onChange={(event) => set({ title: event.target.value })}
          error={fieldProblem(open.error, 'title')}
        />
        <Textarea
          label="Question"
          description="What must be known for the case to be closed"
          maxLength={4000}
          autosize
          minRows={2}
          value={fields.question}
          onChange={(event) => set({ question: event.target.value })}
          error={fieldProblem(open.error, 'question')}
        />
        <NativeSelect
          label="Severity"
          data={[...SEVERITIES]}
          value={fields.severity}
          onChange={(event) =>
            set({ severity: SEVERITIES.find((one) => one === event.target.value) ?? 'medium' })
          }
        />
        <NativeSelect
          label="May be told to"
          description="Traffic Light Protocol 2.0"
          data={TLPS.map((value) => ({ value, label: `TLP:${value.toUpperCase()}` }))}
          value={fields.tlp}
          onChange={(event) =>
            set({ tlp: TLPS.find((one) => one === event.target.value) ?? 'amber' })
          }
        />
        <Checkbox
          label="Sealed: only members see what it holds"
          checked={fields.sealed}
          onChange={(event) => set({ sealed: event.currentTarget.checked })}
        />
        <FormProblem error={open.error} />
        <div className={classes.row}>
          <Button type="submit" disabled={fields.title.trim().length < 3} loading={open.isPending}>
            Open the case
          </Button>
        </div>
      </form>
    </Modal>
  )
}
