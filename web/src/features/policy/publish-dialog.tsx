/** Publishes a version, with a note that says why. */
import { Button, Modal, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { publishVersion } from '../../api/policy.ts'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import classes from '../../ui/form.module.css'

interface PublishDialogProps {
  readonly isShown: boolean
  readonly text: string
  readonly basedOn: number
  readonly onClose: () => void
  readonly onPublished: () => void
}

export function PublishDialog({
  isShown,
  text,
  basedOn,
  onClose,
  onPublished,
}: PublishDialogProps) {
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const publish = useMutation({
    mutationFn: () => publishVersion({ text, note, basedOn }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['policy'] })
      setNote('')
      onPublished()
    },
  })
  return (
    <Modal opened={isShown} onClose={onClose} title={`Publish version ${basedOn + 1}`}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          publish.mutate()
        }}
      >
        <p>It is in force at once for every new exchange, and stays readable for good.</p>
        <Textarea
          label="Note"
          description="What changes, and why"
          required
          minLength={3}
          maxLength={500}
          autosize
          minRows={2}
          data-autofocus
          value={note}
          onChange={(event) => setNote(event.target.value)}
          error={fieldProblem(publish.error, 'note')}
        />
        <FormProblem
          error={publish.error}
          explain={{
            'api.precondition': 'Somebody published a version meanwhile. Load it and write again.',
          }}
        />
        <div className={classes.row}>
          <Button type="submit" loading={publish.isPending}>
            Publish
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  )
}
