/** Changes name, roles or state of a person, and explains what the separation of duty does not allow. */
import { Button, Modal, Switch, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { changePerson } from '../../api/people.ts'
import type { Person, Role } from '../../api/people.ts'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import { HoldingsList } from './holdings-dialog.tsx'
import { RoleChoice } from './role-choice.tsx'
import { REFUSALS } from './roles.ts'
import form from '../../ui/form.module.css'

interface EditPersonProps {
  /** Null while nobody is being changed. */
  readonly person: Person | null
  readonly self: string
  readonly onClose: () => void
  readonly onChanged: () => Promise<void>
}

export function EditPerson({ person, self, onClose, onChanged }: EditPersonProps) {
  return (
    <Modal
      opened={person !== null}
      onClose={onClose}
      title={`Change ${visibleLine(person?.login ?? '', 60)}`}
    >
      {person !== null && <EditForm person={person} self={self} onChanged={onChanged} />}
    </Modal>
  )
}

function EditForm({
  person,
  self,
  onChanged,
}: {
  readonly person: Person
  readonly self: string
  readonly onChanged: () => Promise<void>
}) {
  const [name, setName] = useState(person.name)
  const [roles, setRoles] = useState<readonly Role[]>(person.roles)
  const [isDisabled, setDisabled] = useState(person.disabled)
  const isSelf = person.id === self
  const change = useMutation({
    mutationFn: () =>
      changePerson(person, {
        ...(name.trim() === person.name ? {} : { name: name.trim() }),
        ...(isSame(roles, person.roles) ? {} : { roles: [...roles] }),
        ...(isDisabled === person.disabled ? {} : { disabled: isDisabled }),
      }),
    onSuccess: onChanged,
  })
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate()
      }}
    >
      <TextInput
        label="Name"
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={fieldProblem(change.error, 'name')}
      />
      <RoleChoice
        label="Roles"
        roles={roles}
        onChange={setRoles}
        isBarred={(role) => isSelf && !person.roles.includes(role)}
        barredBecause="You cannot give yourself a role; another admin can. You can give one up."
      />
      <Switch
        label="Disabled"
        description="Ends their login sessions and API tokens at once, and cuts what their keys, trust rules and jobs send."
        checked={isDisabled}
        onChange={(event) => setDisabled(event.target.checked)}
      />
      {isDisabled && !person.disabled && <HoldingsList person={person} />}
      {isSelf && isDisabled && !person.disabled && (
        <p role="alert">You would be signed out at once, and only another admin could undo it.</p>
      )}
      <FormProblem error={change.error} explain={REFUSALS} />
      <div className={form.row}>
        <Button
          type="submit"
          color={isDisabled && !person.disabled ? 'red' : 'blue'}
          disabled={roles.length === 0}
          loading={change.isPending}
        >
          {isDisabled && !person.disabled ? 'Save and disable' : 'Save'}
        </Button>
      </div>
    </form>
  )
}

function isSame(some: readonly Role[], others: readonly Role[]): boolean {
  return some.length === others.length && some.every((role) => others.includes(role))
}
