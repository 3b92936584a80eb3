/** Hunt: how far one has come and what it has found, by service and day, with samples in which nothing can be read. */
import { Button, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine, visibleText } from '../../../src/lib/visible-text.ts'
import { cancel, huntQuery, resume } from '../api/hunts.ts'
import type { Hunt as HuntShown } from '../api/hunts.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { EntityLink } from '../features/entity/entity-link.tsx'
import entity from '../features/entity/entity.module.css'
import { HuntState } from '../features/hunt/hunt-state.tsx'
import { DataTable } from '../ui/data-table.tsx'
import type { TableColumns } from '../ui/data-table.tsx'
import { FormProblem } from '../ui/form-problem.tsx'
import form from '../ui/form.module.css'
import { formatCount } from '../ui/format.ts'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Facts, Panel } from '../ui/panel.tsx'

type Sample = HuntShown['samples'][number]

const NOTES: Readonly<Record<HuntShown['kind'], string>> = {
  text: 'hunt for a text',
  pattern: 'hunt for a pattern',
  rule: 'hunt for what a detector rule finds',
  policy: 'what a policy rule would have caught',
}

export function Hunt() {
  const { id } = useParams({ from: '/shell/hunts/$id' })
  const hunt = useQuery(huntQuery(id))
  if (hunt.isPending) return <Skeleton rows={8} label="Loading the hunt" />
  if (hunt.isError) return <ProblemNotice error={hunt.error} retry={() => void hunt.refetch()} />
  return <Known hunt={hunt.data} />
}

function Known({ hunt }: { readonly hunt: HuntShown }) {
  const { title, kind, scope, samples } = hunt
  return (
    <Page title={visibleLine(title, 120)} note={NOTES[kind]} aside={<Controls hunt={hunt} />}>
      <Panel title="Progress">
        <div className={entity.padded}>
          <Facts
            facts={[
              ['State', <HuntState key="state" hunt={hunt} />],
              ['Exchanges', formatCount(hunt.exchanges)],
              ['Texts', kind === 'policy' ? null : formatCount(hunt.texts)],
              ['Scope', scope === '' ? 'everything' : visibleLine(scope, 300)],
              ['Begun', <Moment key="begun" ms={hunt.createdAtMs} />],
              ['By', visibleLine(hunt.personName, 60)],
              ['Digest', hunt.digest],
            ]}
          />
        </div>
        {hunt.source !== '' && <pre className={entity.padded}>{visibleText(hunt.source)}</pre>}
      </Panel>
      <div className={entity.peers}>
        <Counts title="Days" counts={hunt.days} />
        <Counts title="Services" counts={hunt.services} kind="service" />
        <Counts title="Principals" counts={hunt.principals} kind="principal" />
      </div>
      <Panel
        title="Samples"
        note={hunt.kind === 'policy' ? 'newest first' : 'masked; of a match only its shape'}
      >
        {samples.length === 0 ? (
          <Notice
            kind="empty"
            title={hunt.state === 'running' ? 'Nothing yet' : 'Nothing was found'}
          >
            <p>
              {hunt.state === 'running'
                ? 'What is found appears here while the hunt goes on.'
                : 'No recorded text of the scope holds it, as far as the hunt came.'}
            </p>
          </Notice>
        ) : (
          <DataTable
            label="Samples"
            rows={samples}
            rowKey={({ exchange, direction }) => `${exchange} ${direction}`}
            columns={hunt.kind === 'policy' ? JUDGED : COLUMNS}
          />
        )}
      </Panel>
    </Page>
  )
}

interface CountsProps {
  readonly title: string
  readonly counts: HuntShown['days']
  readonly kind?: 'service' | 'principal'
}

function Counts({ title, counts, kind }: CountsProps) {
  if (counts.length === 0) return null
  const most = Math.max(1, ...counts.map(({ count }) => count))
  return (
    <Panel title={title}>
      <ul className={entity.values}>
        {counts.map(({ value, count }) => (
          <li key={value}>
            <span className={entity.bar} style={{ width: `${(100 * count) / most}%` }} />
            <span className={entity.value}>
              {kind === undefined || value === '' ? (
                value === '' ? (
                  '(none)'
                ) : (
                  visibleLine(value, 80)
                )
              ) : (
                <EntityLink kind={kind} value={value} charsMax={80} />
              )}
            </span>
            <span>{formatCount(count)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Controls({ hunt }: { readonly hunt: HuntShown }) {
  const me = useMe()
  const client = useQueryClient()
  const [text, setText] = useState('')
  const known = (next: HuntShown): void => void client.setQueryData(['hunts', hunt.id], next)
  const stop = useMutation({ mutationFn: () => cancel(hunt.id), onSuccess: known })
  const goOn = useMutation({ mutationFn: () => resume(hunt.id, text), onSuccess: known })
  const { state, kind } = hunt
  const isRule = kind === 'rule' || kind === 'policy'
  if (!mayCall(me, 'hunts.begin')) return null
  if (state === 'running')
    return (
      <Button
        size="compact-md"
        variant="default"
        loading={stop.isPending}
        onClick={() => stop.mutate()}
      >
        Cancel
      </Button>
    )
  if (state !== 'cancelled' && state !== 'interrupted' && state !== 'failed') return null
  return (
    <form
      className={form.row}
      onSubmit={(event) => {
        event.preventDefault()
        goOn.mutate()
      }}
    >
      {!isRule && (
        <Textarea
          aria-label={`The same ${kind} again`}
          placeholder={`the same ${kind} again: it was kept nowhere`}
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <Button
        size="compact-md"
        type="submit"
        disabled={!isRule && text === ''}
        loading={goOn.isPending}
      >
        Go on
      </Button>
      <FormProblem error={goOn.error} />
    </form>
  )
}

const WHEN: TableColumns<Sample>[0] = {
  title: 'When',
  cell: ({ exchange, atMs }) => (
    <Link to="/exchanges/$id" params={{ id: exchange }}>
      <Moment ms={atMs} />
    </Link>
  ),
}

const WHO: readonly TableColumns<Sample>[number][] = [
  { title: 'Direction', cell: ({ direction, treatment }) => `${direction}, ${treatment}` },
  { title: 'Matches', cell: ({ matches }) => formatCount(matches) },
  {
    title: 'Principal',
    cell: ({ principal }) => <EntityLink kind="principal" value={principal} />,
  },
  { title: 'Service', cell: ({ service }) => <EntityLink kind="service" value={service} /> },
  { title: 'Model', cell: ({ model }) => <EntityLink kind="model" value={model} /> },
]

const COLUMNS: TableColumns<Sample> = [
  WHEN,
  { title: 'Excerpt', cell: ({ excerpt }) => <code>{visibleLine(excerpt, 200)}</code> },
  ...WHO,
]

/** A policy rule judges the request: there is no place in a text to show. */
const JUDGED: TableColumns<Sample> = [WHEN, ...WHO]
