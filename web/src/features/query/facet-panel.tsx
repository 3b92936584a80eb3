/** Values of each field with how many exchanges have them; a click asks for the value, another click no longer. */
import { useState } from 'react'
import type { Facets } from '../../api/exchanges.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatCount } from '../../ui/format.ts'
import { FACETS, parameterOf } from './fields.ts'
import type { FieldName } from './fields.ts'
import type { Query } from './grammar.ts'
import { valuesOf } from './filters.ts'
import classes from './facet-panel.module.css'

interface FacetPanelProps {
  readonly facets: Facets | undefined
  readonly query: Query
  readonly onToggle: (field: FieldName, value: string) => void
}

const SHORT = 5

export function FacetPanel({ facets, query, onToggle }: FacetPanelProps) {
  return (
    <div className={classes.facets}>
      {FACETS.map(({ field, title }) => {
        const counted = facets?.fields[parameterOf(field)] ?? []
        const asked = valuesOf(query, field)
        // A field that says one thing about everything helps nobody choose.
        if (counted.length < 2 && asked.length === 0 && counted[0]?.value === '') return null
        const missing = asked.filter((value) => counted.every((one) => one.value !== value))
        const values = [...counted, ...missing.map((value) => ({ value, count: 0 }))]
        return values.length === 0 ? null : (
          <Facet
            key={field}
            title={title}
            values={values}
            asked={asked}
            onToggle={(value) => onToggle(field, value)}
          />
        )
      })}
    </div>
  )
}

interface FacetProps {
  readonly title: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly asked: readonly string[]
  readonly onToggle: (value: string) => void
}

function Facet({ title, values, asked, onToggle }: FacetProps) {
  const [isLong, setLong] = useState(false)
  const most = Math.max(1, ...values.map(({ count }) => count))
  const shown = isLong
    ? values
    : values.filter(({ value }, at) => at < SHORT || asked.includes(value))
  return (
    <section className={classes.facet} aria-label={title}>
      <h3>{title}</h3>
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              className={classes.value}
              aria-pressed={asked.includes(value)}
              onClick={() => onToggle(value)}
            >
              <span className={classes.bar} style={{ width: `${(100 * count) / most}%` }} />
              <span className={classes.name} title={visibleLine(value, 200)}>
                {value === '' ? '(none)' : visibleLine(value, 80)}
              </span>
              <span className={classes.count}>{formatCount(count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {values.length > SHORT && (
        <button type="button" className={classes.more} onClick={() => setLong(!isLong)}>
          {isLong ? 'Fewer' : `${values.length - SHORT} more`}
        </button>
      )}
    </section>
  )
}
