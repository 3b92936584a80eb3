/** Who works on a case; of a sealed one nobody else sees what it holds. */
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { caseQuery, letIn, takeOut } from '../../api/cases.ts'
import type { CaseFile } from '../../api/cases.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { Panel } from '../../ui/panel.tsx'
import classes from './case-members.module.css'

export function CaseMembers({ file }: { readonly file: CaseFile }) {
  const client = useQueryClient()
  const [login, setLogin] = useState('')
  const { id } = file.case
  const refresh = (): Promise<void> =>
    client.invalidateQueries({ queryKey: caseQuery(id).queryKey })
  const add = useMutation({
    mutationFn: () => letIn(id, login.trim()),
    onSuccess: async () => {
      setLogin('')
      await refresh()
    },
  })
  const remove = useMutation({
    mutationFn: (person: string) => takeOut(id, person),
    onSuccess: refresh,
  })
  return (
    <Panel title="Members" note={file.case.sealed ? 'only they see it' : undefined}>
      <ul className={classes.members}>
        {file.members.map((member) => (
          <li key={member.id}>
            <span>
              {visibleLine(member.name, 80)} <small>{visibleLine(member.login, 80)}</small>
            </span>
            {file.members.length > 1 && (
              <button
                type="button"
                disabled={remove.isPending}
                onClick={() => remove.mutate(member.id)}
              >
                Take out
              </button>
            )}
          </li>
        ))}
      </ul>
      <form
        className={classes.add}
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate()
        }}
      >
        <TextInput
          aria-label="Login of an investigator"
          placeholder="Login of an investigator"
          size="xs"
          value={login}
          onChange={(event) => setLogin(event.target.value)}
        />
        <Button
          type="submit"
          size="compact-sm"
          variant="default"
          disabled={login.trim() === ''}
          loading={add.isPending}
        >
          Let in
        </Button>
      </form>
      <FormProblem error={add.error ?? remove.error} />
    </Panel>
  )
}
