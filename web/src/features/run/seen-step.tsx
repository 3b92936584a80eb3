/** Who saw it: the exposure as words and as a graph, the way of the search as a tree, and a narrower question. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { caseQuery } from '../../api/cases.ts'
import { beginRun, runQuery } from '../../api/runs.ts'
import type { RunState } from '../../api/runs.ts'
import type { TraceAnswer } from '../../api/trace.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Facts, Panel } from '../../ui/panel.tsx'
import { ExposedGroups } from '../trace/exposed-groups.tsx'
import { ExposureGraph } from '../trace/exposure-graph.tsx'
import { ExposureList } from '../trace/exposure-list.tsx'
import { isTooShort, TooShort } from '../trace/too-short.tsx'
import { TraceQuestion } from '../trace/trace-question.tsx'
import { remember, useAsked } from './memory.ts'
import classes from './run.module.css'

export function SeenStep({ state }: { readonly state: RunState }) {
  const asked = useAsked(state.case.id)
  return (
    <>
      <Panel
        title="Exposure"
        note={asked === null ? 'as the case keeps it' : tookNote(asked.answer)}
      >
        <div className={classes.facts}>
          <Facts facts={factsOf(state, asked?.answer ?? null)} />
        </div>
        {state.exposure.exchanges.length === 0 &&
          (asked !== null && isTooShort(asked.answer) ? (
            <TooShort units={asked.answer.units} />
          ) : (
            <Notice kind="empty" title="Nobody was exposed to this text, as far as it is recorded">
              <p>Ask about another part of it below; a hundred letters are always found.</p>
            </Notice>
          ))}
      </Panel>
      {asked !== null && asked.answer.first !== null ? (
        <>
          <Panel title="Graph" note="who sent it, where it went, who was given it">
            <ExposureGraph exposures={asked.answer.exposures} />
          </Panel>
          <Panel title="Who and what" note="each leads to everything of theirs at the time">
            <ExposedGroups answer={asked.answer} />
          </Panel>
          <Panel title="Exposures" note="most of the text first, raw before masked">
            <ExposureList answer={asked.answer} />
          </Panel>
        </>
      ) : (
        <Kept state={state} />
      )}
      <SearchTree state={state} />
    </>
  )
}

function tookNote({ tookMs, digest }: TraceAnswer): string {
  return `${formatCount(tookMs)} ms, in the trail as ${digest}`
}

function factsOf({ exposure }: RunState, answer: TraceAnswer | null) {
  const { exchanges, returned, firstAtMs, lastAtMs, principals, models } = exposure
  return [
    ['First seen', firstAtMs === null ? null : <Moment ms={firstAtMs} />],
    ['Last seen', lastAtMs === null ? null : <Moment ms={lastAtMs} />],
    ['Exchanges that held it', formatCount(exchanges.length)],
    ['Answers that returned it', formatCount(returned)],
    ['Principals', formatCount(principals.length)],
    ['Models that were given it', formatCount(models.length)],
    ['Looked at it since', answer === null ? null : formatCount(answer.viewers.length)],
  ] as const
}

/** After a reload the text is gone, and what it led to is still here. */
function Kept({ state }: { readonly state: RunState }) {
  const { exposure } = state
  if (exposure.exchanges.length === 0) return null
  return (
    <Panel title="Who and what" note="of the exchanges that the case pins">
      <div className={classes.kept}>
        <Counts title="Principals" values={exposure.principals} />
        <Counts title="Services" values={exposure.services} />
        <Counts title="Went to" values={exposure.models} />
        <div>
          <h3>Exchanges</h3>
          <ul>
            {exposure.exchanges.slice(0, 30).map((id) => (
              <li key={id}>
                <Link to="/exchanges/$id" params={{ id }}>
                  <code>{id}</code>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </Panel>
  )
}

interface CountsProps {
  readonly title: string
  readonly values: RunState['exposure']['principals']
}

function Counts({ title, values }: CountsProps) {
  if (values.length === 0) return null
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {values.map(({ value, count }) => (
          <li key={value}>
            {visibleLine(value, 80)} <span className={classes.count}>{formatCount(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function SearchTree({ state }: { readonly state: RunState }) {
  const client = useQueryClient()
  const input = useRef<HTMLTextAreaElement>(null)
  const [parent, setParent] = useState(state.searches.at(-1)?.id ?? '')
  const { id } = state.case
  const ask = useMutation({
    mutationFn: (text: string) =>
      beginRun({ text, case: id, ...(parent === '' ? {} : { parent }) }),
    gcTime: 0,
    onSuccess: async ({ answer, search }, text) => {
      remember(client, id, { text, answer })
      setParent(search)
      await client.invalidateQueries({ queryKey: runQuery(id).queryKey, exact: true })
      await client.invalidateQueries({ queryKey: caseQuery(id).queryKey })
    },
  })
  const depthOf = (search: RunState['searches'][number]): number => {
    const above = state.searches.find((one) => one.id === search.parent)
    return above === undefined ? 0 : depthOf(above) + 1
  }
  return (
    <Panel title="The way of the search" note="kept as a tree; the texts themselves are not kept">
      <ul className={classes.tree} aria-label="Searches">
        {state.searches.map((search) => (
          <li key={search.id} style={{ marginLeft: `${Math.min(6, depthOf(search)) * 22}px` }}>
            <label>
              <input
                type="radio"
                name="search-parent"
                checked={search.id === parent}
                onChange={() => setParent(search.id)}
              />
              {visibleLine(search.text, 200)}
            </label>
            <span className={classes.count}>
              {search.pins === 0 ? 'nothing new pinned' : `${formatCount(search.pins)} pinned`}, by{' '}
              {visibleLine(search.by, 60)}, <Moment ms={search.atMs} />
            </span>
          </li>
        ))}
      </ul>
      <TraceQuestion
        input={input}
        isAsking={ask.isPending}
        isAnswered
        onAsk={(text) => ask.mutate(text)}
      />
      <FormProblem error={ask.error} />
    </Panel>
  )
}
