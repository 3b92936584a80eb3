/** Chooses whose deeds, which ones, how they came out, and how far back. */
import { NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { peopleQuery } from '../../api/people.ts'
import { useMe } from '../access/me.ts'
import { OUTCOMES, readAuditSearch } from './audit-search.ts'
import type { AuditSearch } from './audit-search.ts'
import { OPERATION_NAMES, deedOf } from './operations.ts'
import form from '../../ui/form.module.css'

interface AuditFiltersProps {
  readonly search: AuditSearch
  readonly onChange: (search: AuditSearch) => void
}

const LASTS = [
  { value: '', label: 'Any time' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
]

export function AuditFilters({ search, onChange }: AuditFiltersProps) {
  const me = useMe()
  const seesAll = me.may['people.list'] === 'all' && me.may['audit.list'] === 'all'
  const people = useQuery({ ...peopleQuery, enabled: seesAll })
  const set = (change: Record<string, string>): void =>
    onChange(readAuditSearch({ ...search, ...change }))
  return (
    <div className={form.filters} role="search" aria-label="Filter the trail">
      {seesAll && (
        <NativeSelect
          aria-label="Person"
          size="xs"
          value={search.person ?? ''}
          data={[
            { value: '', label: 'Everybody' },
            ...(people.data?.items ?? []).map(({ id, login }) => ({
              value: id,
              label: visibleLine(login, 60),
            })),
          ]}
          onChange={(event) => set({ person: event.target.value })}
        />
      )}
      <NativeSelect
        aria-label="Deed"
        size="xs"
        value={search.operation ?? ''}
        data={[
          { value: '', label: 'Any deed' },
          ...OPERATION_NAMES.map((name) => ({ value: name, label: deedOf(name) })),
        ]}
        onChange={(event) => set({ operation: event.target.value })}
      />
      <NativeSelect
        aria-label="Outcome"
        size="xs"
        value={search.outcome ?? ''}
        data={[
          { value: '', label: 'Any outcome' },
          ...OUTCOMES.map((value) => ({ value, label: value })),
        ]}
        onChange={(event) => set({ outcome: event.target.value })}
      />
      <NativeSelect
        aria-label="Time"
        size="xs"
        value={search.last ?? ''}
        data={LASTS}
        onChange={(event) => set({ last: event.target.value })}
      />
      <TargetInput value={search.target ?? ''} onChange={(target) => set({ target })} />
    </div>
  )
}

interface TargetInputProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

/** Asked when it is complete, not with every letter: a half id finds nothing. */
function TargetInput({ value, onChange }: TargetInputProps) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onChange(text.trim())
      }}
    >
      <TextInput
        aria-label="Id of what it was done to"
        placeholder="Done to: id, then enter"
        size="xs"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          if (text.trim() !== value) onChange(text.trim())
        }}
      />
    </form>
  )
}
