/** Which columns the list shows. */
import { Button, Checkbox, Popover } from '@mantine/core'
import { IconColumns3 } from '@tabler/icons-react'
import { COLUMN_NAMES, columnOf } from './columns.tsx'
import type { ColumnName } from './columns.tsx'
import classes from './column-menu.module.css'

interface ColumnMenuProps {
  readonly columns: readonly ColumnName[]
  readonly onChange: (columns: readonly ColumnName[]) => void
}

export function ColumnMenu({ columns, onChange }: ColumnMenuProps) {
  const toggle = (name: ColumnName): void =>
    onChange(
      COLUMN_NAMES.filter((one) => (one === name ? !columns.includes(one) : columns.includes(one))),
    )
  return (
    <Popover position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          size="compact-md"
          leftSection={<IconColumns3 size={15} stroke={1.7} />}
        >
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <fieldset className={classes.columns}>
          <legend>Columns</legend>
          {COLUMN_NAMES.map((name) => (
            <Checkbox
              key={name}
              size="xs"
              label={columnOf(name).title}
              checked={columns.includes(name)}
              onChange={() => toggle(name)}
            />
          ))}
        </fieldset>
      </Popover.Dropdown>
    </Popover>
  )
}
