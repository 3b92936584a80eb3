/** What the text would have done with what was recorded: numbers first, then each rule with exchanges to look at. */
import { Link } from '@tanstack/react-router'
import type { Backtest } from '../../api/policy.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { formatCount } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import classes from './policy.module.css'

const DEPTH = {
  index: 'findings as they were recorded',
  record: 'records read',
  text: 'texts looked into again',
} as const

export function BacktestPanel({ report }: { readonly report: Backtest }) {
  const numbers: readonly (readonly [string, number | string])[] = [
    ['exchanges', formatCount(report.exchanges)],
    ['newly denied', formatCount(report.newlyDenied)],
    ['newly held', formatCount(report.newlyHeld)],
    ['cards a day', report.cardsADay.toFixed(1)],
    ['newly masked', formatCount(report.newlyMasked)],
    ['newly allowed', formatCount(report.newlyAllowed)],
  ]
  return (
    <Panel title="Backtest" note={`every rule as if enforced; ${DEPTH[report.depth]}`}>
      <dl className={classes.numbers}>
        {numbers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {report.rules.length > 0 && (
        <DataTable
          label="Hits by rule"
          rows={report.rules}
          rowKey={({ rule }) => rule}
          columns={COLUMNS}
        />
      )}
    </Panel>
  )
}

const COLUMNS: TableColumns<Backtest['rules'][number]> = [
  { title: 'Rule', cell: ({ rule }) => rule },
  { title: 'Verdict', cell: ({ verdict }) => verdict },
  { title: 'Hits', cell: ({ hits }) => formatCount(hits) },
  {
    title: 'Samples',
    cell: ({ samples }) =>
      samples.slice(0, 3).map((id, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <Link to="/exchanges/$id" params={{ id }}>
            {id.slice(-6)}
          </Link>
        </span>
      )),
  },
]
