/** How it got out: the keys and jobs behind the exposed exchanges, most suspect first, each with what speaks against it. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { RunSource, RunState } from '../../api/runs.ts'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Facts, Panel } from '../../ui/panel.tsx'
import classes from './run.module.css'

export function SourceStep({ state }: { readonly state: RunState }) {
  return (
    <Panel title="Behind it" note="most suspect first">
      {state.sources.length === 0 && (
        <Notice kind="empty" title="No exchange is pinned">
          <p>Ask who saw it first.</p>
        </Notice>
      )}
      <ul className={classes.sources}>
        {state.sources.map((source, at) => (
          <li key={`${source.key ?? ''} ${source.principal}`} data-first={at === 0 || undefined}>
            <Source source={source} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Source({ source }: { readonly source: RunSource }) {
  const { key, keyName, principal, why, lastExchange, locks } = source
  return (
    <article>
      <header className={classes.sourceHead}>
        <h3>{visibleLine(keyName === '' ? principal : keyName, 100)}</h3>
        {key !== null && <code>{key}</code>}
        {locks.length > 0 && <span className={classes.locked}>locked</span>}
      </header>
      {why.length > 0 && (
        <ul className={classes.why}>
          {why.map((reason) => (
            <li key={reason}>{visibleLine(reason, 200)}</li>
          ))}
        </ul>
      )}
      <Facts facts={factsOf(source)} />
      <p className={classes.links}>
        <Link to="/exchanges/$id" params={{ id: lastExchange }}>
          The last exchange
        </Link>
        <Link to="/exchanges/$id/film" params={{ id: lastExchange }}>
          Its film
        </Link>
        <Link to="/exchanges/$id/replay" params={{ id: lastExchange }}>
          Its replay
        </Link>
      </p>
    </article>
  )
}

function factsOf(source: RunSource) {
  const { principal, owner, keyState, service, run, exchanges, returned } = source
  return [
    ['Principal', visibleLine(principal, 80)],
    ['Owner of the key', visibleLine(owner, 80)],
    ['The key is', keyState === 'none' ? null : keyState],
    ['Service, proven', visibleLine(service, 80)],
    [
      run.by === 'declared' ? 'CI run, declared' : 'CI run, proven',
      run.by === 'nothing' ? null : <Run key="run" run={run} />,
    ],
    ['Exchanges with the text', formatCount(exchanges)],
    ['Answers that returned it', formatCount(returned)],
    ['First', <Moment key="first" ms={source.firstAtMs} />],
    ['Last', <Moment key="last" ms={source.lastAtMs} />],
  ] as const
}

function Run({ run }: { readonly run: RunSource['run'] }) {
  const text = `${visibleLine(run.repository, 100)} run ${visibleLine(run.run, 60)}`
  return run.runUrl === null ? (
    <>{text}</>
  ) : (
    <a href={run.runUrl} rel="noreferrer noopener" target="_blank">
      {text}
    </a>
  )
}
