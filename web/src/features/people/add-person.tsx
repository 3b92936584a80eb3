/** Adds a person; their login link comes next. */
import { Button, Modal, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { addPerson } from '../../api/people.ts'
import type { Person, Role } from '../../api/people.ts'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import { RoleChoice } from './role-choice.tsx'
import { REFUSALS } from './roles.ts'
import form from '../../ui/form.module.css'

interface AddPersonProps {
  readonly isShown: boolean
  readonly onClose: () => void
  readonly onAdded: (person: Person) => Promise<void>
}

export function AddPerson({ isShown, onClose, onAdded }: AddPersonProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title="Add a person">
      <PersonForm onAdded={onAdded} />
    </Modal>
  )
}

function PersonForm({ onAdded }: Pick<AddPersonProps, 'onAdded'>) {
  const [login, setLogin] = useState('')
  const [name, setName] = useState('')
  const [roles, setRoles] = useState<readonly Role[]>(['member'])
  const add = useMutation({
    mutationFn: () => addPerson({ login: login.trim(), name: name.trim(), roles: [...roles] }),
    onSuccess: onAdded,
  })
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <TextInput
        label="Login"
        description="Also the owner of their keys and the principal of their exchanges; it stays"
        required
        maxLength={200}
        autoComplete="off"
        value={login}
        data-autofocus
        onChange={(event) => setLogin(event.target.value)}
        error={fieldProblem(add.error, 'login')}
      />
      <TextInput
        label="Name"
        maxLength={200}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={fieldProblem(add.error, 'name')}
      />
      <RoleChoice label="Roles" roles={roles} onChange={setRoles} />
      <FormProblem error={add.error} explain={REFUSALS} />
      <div className={form.row}>
        <Button
          type="submit"
          disabled={login.trim() === '' || roles.length === 0}
          loading={add.isPending}
        >
          Add
        </Button>
      </div>
    </form>
  )
}
