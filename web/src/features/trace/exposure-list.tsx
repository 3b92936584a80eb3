/** Every exposure with the exact places of the text in it, best first. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Exposure, TraceAnswer, TraceHit } from '../../api/trace.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { formatCount } from '../../ui/format.ts'
import { HeldMark } from '../keeping/held-mark.tsx'
import { LockButton } from '../locks/lock-button.tsx'
import { Moment } from '../../ui/moment.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import forms from '../../ui/form.module.css'
import classes from './trace.module.css'

const SHOWN = 50

export function ExposureList({ answer }: { readonly answer: TraceAnswer }) {
  const [shown, setShown] = useState(SHOWN)
  return (
    <>
      <DataTable
        label="Exposures"
        rows={answer.exposures.slice(0, shown)}
        rowKey={({ exchange, direction }) => `${exchange.id} ${direction}`}
        columns={columnsOf(answer)}
      />
      {answer.exposures.length > shown && (
        <div className={forms.row}>
          <Button size="compact-md" variant="default" onClick={() => setShown(shown + SHOWN)}>
            Show more
          </Button>
        </div>
      )}
      {answer.total > answer.exposures.length && (
        <p className={forms.note}>
          {formatCount(answer.total - answer.exposures.length)} more; narrow the text to see them.
        </p>
      )}
    </>
  )
}

function columnsOf(answer: TraceAnswer): TableColumns<Exposure> {
  return [
    {
      title: 'Time',
      cell: ({ exchange }) => (
        <Link to="/exchanges/$id" params={{ id: exchange.id }}>
          <Moment ms={exchange.receivedAtMs} />
          <HeldMark holds={exchange.holds} />
        </Link>
      ),
    },
    {
      title: 'How',
      cell: ({ direction, treatment }) => (
        <span className={classes.badge} data-treatment={treatment}>
          {direction} {treatment}
        </span>
      ),
    },
    {
      title: 'Principal',
      cell: ({ exchange }) => (
        <span className={forms.two}>
          {visibleLine(exchange.principal, 80) || '(unknown)'}
          <small>{visibleLine(exchange.service, 60)}</small>
        </span>
      ),
    },
    {
      title: 'Model',
      cell: ({ exchange }) => (
        <span className={forms.two}>
          {visibleLine(exchange.model ?? '-', 60)}
          <small>{visibleLine(exchange.upstream, 60)}</small>
        </span>
      ),
    },
    { title: 'Match', cell: ({ coverage }) => `${Math.round(coverage * 100)} %` },
    {
      title: 'Where',
      cell: ({ hits }) => <Places hits={hits.flatMap((at) => answer.hits[at] ?? [])} />,
    },
  ]
}

const SPELLED: Readonly<Record<TraceHit['spans'][number]['spelling'], string>> = {
  plain: '',
  base64: 'in base64, ',
  hex: 'in hexadecimal digits, ',
  percent: 'percent-encoded, ',
  'quoted-printable': 'quoted-printable, ',
  html: 'with HTML references, ',
  escapes: 'with \\x escapes, ',
}

/** Opens to the very span. */
function Places({ hits }: { readonly hits: readonly TraceHit[] }) {
  const count = hits.reduce((sum, { spans }) => sum + Math.max(1, spans.length), 0)
  return (
    <details className={classes.places}>
      <summary>{count === 1 ? '1 place' : `${formatCount(count)} places`}</summary>
      <ul>
        {hits.map((hit) => (
          <li key={`${hit.place} ${hit.id}`}>
            <span className={classes.placeName}>
              {hit.place === 'finding'
                ? `detection saw it as ${visibleLine(hit.entity, 60)}`
                : `${hit.place} ${visibleLine(hit.id.slice(0, 16), 16)}…`}
            </span>
            {hit.place === 'finding' && <LockButton kind="finding" value={hit.id} />}
            {hit.spans.map(({ start, end, before, match, after, spelling }) => (
              <p key={`${start} ${end}`} className={classes.span}>
                <RecordedText inline text={before.slice(-60)} />
                <mark>
                  <RecordedText inline text={match} />
                </mark>
                <RecordedText inline text={after.slice(0, 60)} />
                <small>
                  {SPELLED[spelling]}
                  {formatCount(start)} to {formatCount(end)}
                </small>
              </p>
            ))}
          </li>
        ))}
      </ul>
    </details>
  )
}
