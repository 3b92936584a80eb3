/** What a person answers for and set off here: to hand over before they leave, or to look at after. */
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { holdingsQuery } from '../../api/people.ts'
import type { Person } from '../../api/people.ts'
import { Moment } from '../../ui/moment.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import classes from '../../ui/form.module.css'

interface HoldingsDialogProps {
  /** Null hides it. */
  readonly person: Person | null
  readonly onClose: () => void
}

export function HoldingsDialog({ person, onClose }: HoldingsDialogProps) {
  return (
    <Modal
      opened={person !== null}
      onClose={onClose}
      title={`What ${visibleLine(person?.login ?? '', 60)} answers for`}
      size="lg"
    >
      {person !== null && <HoldingsList person={person} />}
    </Modal>
  )
}

export function HoldingsList({ person }: { readonly person: Person }) {
  const held = useQuery(holdingsQuery(person.id))
  if (held.isPending) return <Skeleton rows={3} label="Loading what they answer for" />
  if (held.isError) return <ProblemNotice error={held.error} retry={() => void held.refetch()} />
  const { keys, rules, jobs } = held.data
  if (keys.length + rules.length + jobs.length === 0)
    return <p className={classes.note}>No key, no trust rule, and no job that they set off.</p>
  return (
    <ul className={classes.checks} aria-label="What they answer for">
      {keys.length > 0 && (
        <li>
          <Link to="/keys" search={{ q: person.login }}>
            {keys.length === 1 ? '1 key' : `${keys.length} keys`}
          </Link>
          : {visibleLine(keys.map(({ name }) => name).join(', '), 200)}
        </li>
      )}
      {rules.map(({ name, isConfigured }) => (
        <li key={name}>
          Trust rule <Link to="/trust-rules">{visibleLine(name, 80)}</Link>
          {isConfigured && ', in custody.yaml'}
        </li>
      ))}
      {jobs.map(({ rule, principal, lastUsedAtMs }) => (
        <li key={`${rule} ${principal}`}>
          Set off {visibleLine(principal, 120)} by the rule {visibleLine(rule, 80)}, last{' '}
          <Moment ms={lastUsedAtMs} />
        </li>
      ))}
    </ul>
  )
}
