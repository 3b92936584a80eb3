/** The one menu of the list's cells: opens at the cell it was asked for, and leads on from its value. */
import { Menu } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Exchange } from '../../api/exchanges.ts'
import type { ColumnName } from './columns.tsx'
import { pivotsOf } from './pivots.ts'
import type { Pivot } from './pivots.ts'
import classes from './exchange-table.module.css'

export interface PivotAsked {
  readonly exchange: Exchange
  readonly column: ColumnName
  readonly button: HTMLElement
}

interface PivotMenuProps {
  /** Null while closed. */
  readonly asked: PivotAsked | null
  readonly onClose: () => void
}

export function PivotMenu({ asked, onClose }: PivotMenuProps) {
  const navigate = useNavigate()
  const search = useSearch({ from: '/shell/exchanges' })
  const box = asked?.button.getBoundingClientRect()
  const go = ({ to }: Pivot): void =>
    void (to.kind === 'query'
      ? navigate({ to: '/exchanges', search: { ...search, q: to.q } })
      : navigate({ to: '/entity', search: { kind: to.entity, value: to.value } }))
  return (
    <Menu
      opened={asked !== null}
      onChange={(isOpen) => {
        if (isOpen) return
        asked?.button.focus()
        onClose()
      }}
      position="bottom-start"
      withinPortal
      trapFocus
      returnFocus={false}
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <button
          type="button"
          tabIndex={-1}
          aria-label="Where the value leads"
          className={classes.pivotAt}
          style={{ left: box?.left ?? 0, top: box?.top ?? 0, height: box?.height ?? 0 }}
        />
      </Menu.Target>
      <Menu.Dropdown>
        {asked !== null &&
          pivotsOf(asked.exchange, asked.column, search.q ?? '').map((pivot) => (
            <Menu.Item
              key={`${pivot.says} ${pivot.of}`}
              onClick={() => go(pivot)}
              rightSection={<small>{visibleLine(pivot.of, 34)}</small>}
            >
              {pivot.says}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  )
}
