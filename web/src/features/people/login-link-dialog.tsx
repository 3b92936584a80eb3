/** Makes a one-time login link for a person and shows it this once. */
import { Button, Modal } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { makeLoginLink } from '../../api/people.ts'
import type { Person } from '../../api/people.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { Moment } from '../../ui/moment.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'
import form from '../../ui/form.module.css'

interface LoginLinkDialogProps {
  readonly person: Person | null
  readonly onClose: () => void
}

export function LoginLinkDialog({ person, onClose }: LoginLinkDialogProps) {
  return (
    <Modal
      opened={person !== null}
      onClose={onClose}
      title="Login link"
      closeOnClickOutside={false}
    >
      {person !== null && <LinkForm person={person} onClose={onClose} />}
    </Modal>
  )
}

function LinkForm({ person, onClose }: { readonly person: Person; readonly onClose: () => void }) {
  const link = useMutation({ mutationFn: () => makeLoginLink(person.id) })
  const name = visibleLine(person.login, 120)
  if (link.data !== undefined)
    return (
      <ShownOnce label="Login link" text={link.data.loginUrl} onDone={onClose}>
        <p>
          Whoever opens it is <strong>{name}</strong>: hand it over in person. It works once, until{' '}
          <Moment ms={link.data.expiresAtMs} />.
        </p>
      </ShownOnce>
    )
  return (
    <div className={form.form}>
      <p>
        A link with which <strong>{name}</strong> logs in once. Links made for them earlier end, and
        the audit trail says that you made this one.
      </p>
      <FormProblem error={link.error} />
      <div className={form.row}>
        <Button variant="default" onClick={onClose}>
          Not now
        </Button>
        <Button loading={link.isPending} data-autofocus onClick={() => link.mutate()}>
          Make the link
        </Button>
      </div>
    </div>
  )
}
