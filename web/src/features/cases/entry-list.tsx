/** What a case keeps, oldest first: who added what when; searches and what came of them are set in below one another. */
import { Link } from '@tanstack/react-router'
import {
  IconBolt,
  IconChecklist,
  IconGitCommit,
  IconLink,
  IconNote,
  IconPin,
  IconSearch,
} from '@tabler/icons-react'
import type { Icon } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { caseQuery, changeEntry, takeBackEntry } from '../../api/cases.ts'
import type { CaseEntry } from '../../api/cases.ts'
import { Moment } from '../../ui/moment.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { useMe } from '../access/me.ts'
import classes from './entry-list.module.css'

const ICONS: Readonly<Record<CaseEntry['kind'], Icon>> = {
  pin: IconPin,
  note: IconNote,
  task: IconChecklist,
  link: IconLink,
  search: IconSearch,
  action: IconBolt,
  change: IconGitCommit,
}

const DEEDS: Readonly<Record<CaseEntry['kind'], string>> = {
  pin: 'pinned',
  note: 'noted',
  task: 'asks for',
  link: 'linked',
  search: 'searched',
  action: 'did',
  change: 'changed the case:',
}

interface EntryListProps {
  readonly caseId: string
  readonly entries: readonly CaseEntry[]
  readonly isClosed: boolean
}

export function EntryList({ caseId, entries, isClosed }: EntryListProps) {
  const depths = depthsOf(entries)
  return (
    <ol className={classes.entries} aria-label="Entries">
      {inTreeOrder(entries).map((entry) => (
        <Entry
          key={entry.id}
          caseId={caseId}
          entry={entry}
          depth={depths.get(entry.id) ?? 0}
          isClosed={isClosed}
        />
      ))}
    </ol>
  )
}

interface EntryProps {
  readonly caseId: string
  readonly entry: CaseEntry
  readonly depth: number
  readonly isClosed: boolean
}

function Entry({ caseId, entry, depth, isClosed }: EntryProps) {
  const me = useMe()
  const client = useQueryClient()
  const refresh = (): Promise<void> =>
    client.invalidateQueries({ queryKey: caseQuery(caseId).queryKey })
  const tick = useMutation({
    mutationFn: (isDone: boolean) => changeEntry(caseId, entry, { isDone }),
    onSettled: refresh,
  })
  const remove = useMutation({
    mutationFn: () => takeBackEntry(caseId, entry),
    onSettled: refresh,
  })
  const { kind, by, atMs, text, task, removedAtMs } = entry
  const KindIcon = ICONS[kind]
  const mayRemove = !isClosed && removedAtMs === null && kind !== 'change' && by.id === me.person.id
  return (
    <li className={classes.entry} data-kind={kind} style={{ marginLeft: `${depth * 22}px` }}>
      <KindIcon size={16} stroke={1.6} aria-hidden="true" />
      <div className={classes.body}>
        <p className={classes.head}>
          <strong>{visibleLine(by.login, 80)}</strong> {DEEDS[kind]} <Target entry={entry} />
          <span className={classes.when}>
            <Moment ms={atMs} />
            {entry.editedAtMs !== null && ', edited'}
          </span>
        </p>
        {removedAtMs === null ? (
          text !== '' && kind !== 'change' && <RecordedText text={text} />
        ) : (
          <p className={classes.gone}>
            Taken back <Moment ms={removedAtMs} />.
          </p>
        )}
        {task !== null && removedAtMs === null && (
          <label className={classes.task}>
            <input
              type="checkbox"
              checked={tick.isPending ? tick.variables : task.isDone}
              disabled={isClosed}
              onChange={(event) => tick.mutate(event.target.checked)}
            />
            {task.isDone ? 'done by' : 'for'} {visibleLine(task.assignee.login, 80)}
          </label>
        )}
      </div>
      {mayRemove && (
        <button
          type="button"
          className={classes.remove}
          disabled={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Take back
        </button>
      )}
    </li>
  )
}

function Target({ entry }: { readonly entry: CaseEntry }) {
  const { kind, target, span, text } = entry
  switch (kind) {
    case 'pin':
      return (
        <Link to="/exchanges/$id" params={{ id: target }}>
          <code>{target}</code>
          {span !== null && (
            <>
              , {span.part}
              {span.block === null ? '' : ` block ${span.block + 1}`},{' '}
              {`characters ${span.start} to ${span.end}`}
            </>
          )}
        </Link>
      )
    case 'search':
      // The text of a trace is kept nowhere: only that it was asked, by its digest.
      if (target.startsWith('trace:')) return <code>{visibleLine(target, 60)}</code>
      return (
        <Link to="/exchanges" search={{ q: target }}>
          <code>{visibleLine(target, 160)}</code>
        </Link>
      )
    case 'change':
      return (
        <span>
          {visibleLine(text, 200)}
          {target !== '' && <code> {visibleLine(target, 60)}</code>}
        </span>
      )
    // An address that somebody typed is shown, not followed: what it leads to may be hostile.
    case 'link':
    case 'action':
      return <code>{visibleLine(target, 200)}</code>
    case 'note':
    case 'task':
      return null
  }
}

function depthsOf(entries: readonly CaseEntry[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  for (const { id, parent } of entries)
    depths.set(id, parent === null ? 0 : Math.min(6, (depths.get(parent) ?? -1) + 1))
  return depths
}

/** What came of an entry stands below it; else as it was written. */
function inTreeOrder(entries: readonly CaseEntry[]): readonly CaseEntry[] {
  const children = new Map<string, CaseEntry[]>()
  const roots: CaseEntry[] = []
  const known = new Set(entries.map(({ id }) => id))
  for (const entry of entries) {
    if (entry.parent === null || !known.has(entry.parent)) roots.push(entry)
    else children.set(entry.parent, [...(children.get(entry.parent) ?? []), entry])
  }
  const walk = (entry: CaseEntry): CaseEntry[] => [
    entry,
    ...(children.get(entry.id) ?? []).flatMap(walk),
  ]
  return roots.flatMap(walk)
}
