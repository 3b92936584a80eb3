/** The stretch of time that is looked at, as a menu beside the query. */
import { Button, Menu } from '@mantine/core'
import { IconClock } from '@tabler/icons-react'
import { LAST_DEFAULT, valuesOf, withLast } from './filters.ts'
import type { Query } from './grammar.ts'

interface RangeMenuProps {
  readonly query: Query
  readonly onChange: (query: Query) => void
}

const LASTS = [
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['6h', 'Last 6 hours'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['365d', 'Last year'],
] as const

export function RangeMenu({ query, onChange }: RangeMenuProps) {
  const last = valuesOf(query, 'last').at(-1) ?? LAST_DEFAULT
  const isFixed = valuesOf(query, 'after').length + valuesOf(query, 'before').length > 0
  const title = LASTS.find(([value]) => value === last)?.[1] ?? `Last ${last}`
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button
          variant="default"
          size="compact-md"
          leftSection={<IconClock size={15} stroke={1.7} />}
          aria-label={`Time range: ${isFixed ? 'chosen' : title}`}
        >
          {isFixed ? 'Chosen range' : title}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {LASTS.map(([value, label]) => (
          <Menu.Item key={value} onClick={() => onChange(withLast(query, value))}>
            {label}
            {!isFixed && value === last ? ' ✓' : ''}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
