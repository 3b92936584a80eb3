/** Trace: paste what leaked, see who was exposed to it. */
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { askTrace } from '../api/trace.ts'
import type { TraceAnswer } from '../api/trace.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { ExposedGroups } from '../features/trace/exposed-groups.tsx'
import { ExposureGraph } from '../features/trace/exposure-graph.tsx'
import { ExposureList } from '../features/trace/exposure-list.tsx'
import { ExposureTimeline } from '../features/trace/exposure-timeline.tsx'
import { isTooShort, TooShort } from '../features/trace/too-short.tsx'
import { TraceQuestion } from '../features/trace/trace-question.tsx'
import { Choice } from '../ui/choice.tsx'
import { formatCount, formatDuration } from '../ui/format.ts'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Facts, Panel } from '../ui/panel.tsx'
import classes from '../features/trace/trace.module.css'

const LIMIT = 500
/** Below it a passage may be missed. */
const GUARANTEED_UNITS = 100

export function Trace() {
  const me = useMe()
  const input = useRef<HTMLTextAreaElement>(null)
  useEffect(() => input.current?.focus(), [])
  const asked = useMutation({ mutationFn: (text: string) => askTrace(text, LIMIT), gcTime: 0 })
  useShortcuts([
    {
      keys: '/',
      says: 'To the text',
      group: 'Trace',
      run: (event) => {
        event.preventDefault()
        input.current?.focus()
      },
    },
  ])
  if (!mayCall(me, 'trace.search'))
    return (
      <Page title="Trace">
        <Notice kind="denied" title="Your roles do not trace texts">
          <p>Investigators do. Ask an admin for the role, or an investigator for the answer.</p>
        </Notice>
      </Page>
    )
  return (
    <Page title="Trace" note="who was exposed to a text">
      <Panel title="What leaked">
        <TraceQuestion
          input={input}
          isAsking={asked.isPending}
          isAnswered={asked.isSuccess}
          onAsk={(text) => asked.mutate(text)}
        />
      </Panel>
      {asked.isPending && <Skeleton label="Looking through everything recorded" />}
      {asked.isError && <ProblemNotice error={asked.error} />}
      {asked.isSuccess && <Answer answer={asked.data} />}
    </Page>
  )
}

export function Answer({ answer }: { readonly answer: TraceAnswer }) {
  const [picture, setPicture] = useState<'graph' | 'timeline'>('graph')
  if (answer.first === null)
    return (
      <Panel title="Exposure" note={tookNote(answer)}>
        {isTooShort(answer) ? (
          <TooShort units={answer.units} />
        ) : (
          <Notice kind="empty" title="Nobody was exposed to this text, as far as it is recorded">
            <p>{emptyHint(answer)}</p>
          </Notice>
        )}
      </Panel>
    )
  return (
    <>
      <Panel title="Exposure" note={tookNote(answer)}>
        <div className={classes.facts}>
          <Facts facts={factsOf(answer)} />
        </div>
        <Doubts answer={answer} />
      </Panel>
      <Panel
        title={picture === 'graph' ? 'Graph' : 'Timeline'}
        note={<Legend />}
        aside={
          <Choice
            label="Picture"
            value={picture}
            options={[
              ['graph', 'Graph'],
              ['timeline', 'Timeline'],
            ]}
            onChange={setPicture}
          />
        }
      >
        {picture === 'graph' ? (
          <ExposureGraph exposures={answer.exposures} />
        ) : (
          <ExposureTimeline answer={answer} />
        )}
      </Panel>
      <Panel title="Who and what" note="each leads to everything of theirs at the time">
        <ExposedGroups answer={answer} />
      </Panel>
      <Panel title="Exposures" note="most of the text first, raw before masked">
        <ExposureList answer={answer} />
      </Panel>
    </>
  )
}

function factsOf(answer: TraceAnswer) {
  const { first, exposures, total } = answer
  const counted = (how: string): number =>
    new Set(
      exposures.filter(({ treatment }) => treatment === how).map(({ exchange }) => exchange.id),
    ).size
  const of = (direction: string): number =>
    exposures.filter((exposure) => exposure.direction === direction).length
  return [
    [
      'First seen',
      first === null ? null : (
        <Link to="/exchanges/$id" params={{ id: first.exchange }}>
          <Moment ms={first.atMs} />
        </Link>
      ),
    ],
    ['Principals', formatCount(answer.principals.length)],
    ['Requests held it', formatCount(of('sent'))],
    ['Answers returned it', formatCount(of('received'))],
    ['Raw', formatCount(counted('raw'))],
    ['Masked', formatCount(counted('masked'))],
    ['Stopped', formatCount(counted('stopped'))],
    ['Exposures in all', total === exposures.length ? null : formatCount(total)],
  ] as const
}

/** Everything that could make the answer less than whole. */
function Doubts({ answer }: { readonly answer: TraceAnswer }) {
  const doubts = [
    answer.isBehind ? 'The newest exchanges are not in the index yet: ask again in a moment.' : '',
    answer.truncated ? 'More exchanges held it than can be listed here.' : '',
    answer.unconfirmed > 0
      ? `${formatCount(answer.unconfirmed)} texts share a fingerprint and were not read: too many, erased or damaged.`
      : '',
  ].filter((doubt) => doubt !== '')
  if (doubts.length === 0) return null
  return (
    <div role="status">
      <ul className={classes.doubts}>
        {doubts.map((doubt) => (
          <li key={doubt}>{doubt}</li>
        ))}
      </ul>
    </div>
  )
}

function tookNote({ tookMs, digest }: TraceAnswer): string {
  return `${formatDuration(tookMs)}, in the trail as ${digest}`
}

function emptyHint({ units, values }: TraceAnswer): string {
  if (units >= GUARANTEED_UNITS || values > 0)
    return 'Any passage of a hundred letters and digits would have been found, and any key or address in it.'
  return `It has ${units} letters and digits. Any passage of a hundred is found, most of sixty-four are; shorter ones only when they are a key, an address or a number.`
}

function Legend() {
  return (
    <span className={classes.legend}>
      <i data-treatment="raw" /> raw <i data-treatment="masked" /> masked
      <i data-treatment="stopped" /> stopped <i data-direction="received" /> received
    </span>
  )
}
