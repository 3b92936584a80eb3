/** Saved views: the searches a person has given names to; one click brings one back, another saves the present one. */
import { ActionIcon, Button, Menu, Modal, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconBell, IconBookmark, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { removeView, saveView, viewsQuery } from '../../api/views.ts'
import type { SavedView } from '../../api/views.ts'
import { isApiProblem } from '../../api/client.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { EditView, channelsOf } from './edit-view.tsx'
import classes from './saved-views.module.css'

interface SavedViewsProps {
  readonly page: string
  /** Search parameters of the page as they are now. */
  readonly search: string
  readonly onOpen: (search: string) => void
}

export function SavedViews({ page, search, onOpen }: SavedViewsProps) {
  const client = useQueryClient()
  const views = useQuery(viewsQuery)
  const [isNaming, setNaming] = useState(false)
  const [editing, setEditing] = useState<SavedView | null>(null)
  const [leaving, setLeaving] = useState<SavedView | null>(null)
  const refresh = async (): Promise<void> => {
    await client.invalidateQueries({ queryKey: viewsQuery.queryKey })
    await client.invalidateQueries({ queryKey: ['alerts'] })
  }
  const remove = useMutation({ mutationFn: removeView, onSettled: refresh })
  const items = views.data?.items.filter((view) => view.page === page) ?? []
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button
            variant="default"
            size="compact-md"
            leftSection={<IconBookmark size={15} stroke={1.7} />}
          >
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {items.length === 0 && <Menu.Label>No saved views yet</Menu.Label>}
          {items.map((view) => (
            <div key={view.id} className={classes.view}>
              <Menu.Item
                onClick={() => onOpen(view.query)}
                rightSection={
                  view.alerts.length === 0 ? null : (
                    <IconBell size={13} role="img" aria-label="with an alert" />
                  )
                }
              >
                {view.name}
              </Menu.Item>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={`Change the view ${view.name}`}
                onClick={() => setEditing(view)}
              >
                <IconPencil size={14} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={`Delete the view ${view.name}`}
                onClick={() => (view.alerts.length === 0 ? remove.mutate(view) : setLeaving(view))}
              >
                <IconTrash size={14} />
              </ActionIcon>
            </div>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={15} />} onClick={() => setNaming(true)}>
            Save this view
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <EditView view={editing} onClose={() => setEditing(null)} />
      <ConfirmDialog
        title="Delete this saved search?"
        verb="Delete and stop"
        isShown={leaving !== null}
        onClose={() => setLeaving(null)}
        onConfirm={async () => {
          if (leaving !== null) await removeView(leaving)
          await refresh()
        }}
      >
        {leaving !== null && (
          <p>
            With it {leaving.alerts.length === 1 ? 'an alert stops' : 'alerts stop'}:{' '}
            {channelsOf(leaving)} will not be told of <strong>{leaving.name}</strong> any more.
          </p>
        )}
      </ConfirmDialog>
      <Modal opened={isNaming} onClose={() => setNaming(false)} title="Save this view" size="sm">
        <NameForm
          onSave={async (name) => {
            await saveView({ name, page, query: search })
            await refresh()
            setNaming(false)
            notifications.show({ message: `Saved as “${name}”.` })
          }}
        />
      </Modal>
    </>
  )
}

function NameForm({ onSave }: { readonly onSave: (name: string) => Promise<void> }) {
  const [name, setName] = useState('')
  const save = useMutation({ mutationFn: onSave })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') save.mutate(name.trim())
      }}
    >
      <TextInput
        label="Name"
        maxLength={100}
        value={name}
        data-autofocus
        onChange={(event) => setName(event.target.value)}
        error={isApiProblem(save.error) ? save.error.problem.detail : null}
      />
      <Button type="submit" disabled={name.trim() === ''} loading={save.isPending}>
        Save
      </Button>
    </form>
  )
}
