/** Who and what was exposed, ranked; each leads to everything of theirs. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { LockSubject } from '../../api/locks.ts'
import type { TraceAnswer, TraceGroup } from '../../api/trace.ts'
import { formatCount, formatDateTime } from '../../ui/format.ts'
import { LockButton } from '../locks/lock-button.tsx'
import { LockMenu } from '../locks/lock-menu.tsx'
import { queryText } from '../query/grammar.ts'
import type { FieldName } from '../query/fields.ts'
import classes from './trace.module.css'

const SHOWN = 8
/** A pivot looks this long around what was exposed. */
const AROUND_MS = 3_600_000

export function ExposedGroups({ answer }: { readonly answer: TraceAnswer }) {
  return (
    <div className={classes.groups}>
      <Group title="Principals" field="principal" lock="principal" groups={answer.principals} />
      <Group title="Services" field="service" lock="service" groups={answer.services} />
      <Group title="Keys" field="key" lock="key" groups={answer.keys} />
      <Group
        title="Conversations"
        field="conversation"
        lock="conversation"
        groups={answer.conversations}
      />
      <Group
        title="Went to"
        field={null}
        groups={answer.providers.map((group) => ({
          ...group,
          value: [group.upstream, group.model].filter(Boolean).join(' · '),
          note: group.region || group.host,
          subjects: [
            { kind: 'upstream' as const, value: group.upstream },
            { kind: 'model' as const, value: group.model },
          ],
        }))}
      />
      <section className={classes.group} aria-label="Looked at since">
        <h3>Looked at since</h3>
        {answer.viewers.length === 0 ? (
          <p>Nobody opened the content of these exchanges.</p>
        ) : (
          <ul>
            {answer.viewers.map(({ person, name, exchanges, revealed, lastAtMs }) => (
              <li key={person}>
                <span>{visibleLine(name, 60)}</span>
                <small>{revealed ? 'as it was' : 'masked'}</small>
                <small>{formatDateTime(lastAtMs).slice(0, 16)}</small>
                <b>{formatCount(exchanges)}</b>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  )
}

interface GroupProps {
  readonly title: string
  readonly field: FieldName | null
  /** What a lock of one of them is on. */
  readonly lock?: LockSubject['kind']
  readonly groups: readonly (TraceGroup & {
    readonly note?: string
    readonly subjects?: readonly LockSubject[]
  })[]
}

function Group({ title, field, lock, groups }: GroupProps) {
  if (groups.length === 0) return null
  const most = Math.max(...groups.map(({ exchanges }) => exchanges))
  return (
    <section className={classes.group} aria-label={title}>
      <h3>
        {title} <small>{formatCount(groups.length)}</small>
      </h3>
      <ul>
        {groups.slice(0, SHOWN).map((group) => (
          <li key={group.value}>
            <span
              className={classes.bar}
              style={{ width: `${(100 * group.exchanges) / most}%` }}
              aria-hidden="true"
            />
            {field === null ? (
              <span>{visibleLine(group.value, 80)}</span>
            ) : (
              <Link to="/exchanges" search={{ q: pivot(field, group) }}>
                {visibleLine(group.value, 80)}
              </Link>
            )}
            {group.note !== undefined && <small>{visibleLine(group.note, 60)}</small>}
            {group.raw < group.exchanges && <small>{formatCount(group.raw)} raw</small>}
            <b>{formatCount(group.exchanges)}</b>
            {lock !== undefined && <LockButton kind={lock} value={group.value} />}
            {group.subjects !== undefined && (
              <LockMenu isSmall of={group.value} subjects={group.subjects} />
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The same value, from an hour before the first exposure to an hour after the last. */
function pivot(field: FieldName, { value, firstAtMs, lastAtMs }: TraceGroup): string {
  const moment = (ms: number): string => new Date(ms).toISOString()
  return [
    queryText(field, value),
    `after:${moment(firstAtMs - AROUND_MS)}`,
    `before:${moment(lastAtMs + AROUND_MS)}`,
  ].join(' ')
}
