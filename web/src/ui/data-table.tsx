/** A table of a few hundred rows at most; on a phone each row becomes a card. Longer lists are virtualised elsewhere. */
import type { ReactNode } from 'react'
import classes from './data-table.module.css'

interface TableColumn<Row> {
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** Controls of the row: no title in sight, at the right. */
  readonly isEnd?: boolean
}

/** The first names the row. */
export type TableColumns<Row> = readonly [TableColumn<Row>, ...TableColumn<Row>[]]

interface DataTableProps<Row> {
  /** What the table is of, for those who do not see it. */
  readonly label: string
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly columns: TableColumns<Row>
}

export function DataTable<Row>({ label, rows, rowKey, columns }: DataTableProps<Row>) {
  const [name, ...others] = columns
  // The roles are said because the phone layout takes the table's own away from assistive technology.
  return (
    <table className={classes.table} aria-label={label} role="table">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, isEnd = false }) => (
            <th key={title} scope="col" role="columnheader">
              {isEnd ? <span className={classes.hidden}>{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row">
            <th scope="row" role="rowheader">
              {name.cell(row)}
            </th>
            {others.map(({ title, cell, isEnd = false }) => (
              <td
                key={title}
                role="cell"
                data-label={isEnd ? undefined : title}
                data-end={isEnd || undefined}
              >
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
