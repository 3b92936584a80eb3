/** The keys that work where one is. */
import { Modal } from '@mantine/core'
import { Keys } from '../../ui/keys.tsx'
import { useAllShortcuts } from '../keyboard/shortcuts.tsx'
import classes from './help-dialog.module.css'

interface HelpDialogProps {
  readonly isShown: boolean
  readonly onClose: () => void
}

export function HelpDialog({ isShown, onClose }: HelpDialogProps) {
  const shortcuts = useAllShortcuts(isShown)
  const groups = [...new Set(shortcuts.map(({ group }) => group))]
  return (
    <Modal opened={isShown} onClose={onClose} title="Keyboard" size="lg">
      <div className={classes.groups}>
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {shortcuts
                .filter((shortcut) => shortcut.group === group)
                .map(({ keys, says }) => (
                  <div key={keys}>
                    <dt>
                      <Keys keys={keys} />
                    </dt>
                    <dd>{says}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
