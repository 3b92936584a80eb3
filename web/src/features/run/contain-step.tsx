/** Contain: what is advised is chosen, each with what it will stop; one act locks all of it and cuts what is in flight. */
import { Button, Checkbox, NativeSelect, Textarea } from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { containNow } from '../../api/runs.ts'
import type { RunState, RunSubject } from '../../api/runs.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { formatCount } from '../../ui/format.ts'
import { Notice } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import forms from '../../ui/form.module.css'
import classes from './run.module.css'

interface ContainStepProps {
  readonly state: RunState
  readonly onDone: () => Promise<void>
}

const DAY_MS = 86_400_000
const ENDS = [
  { value: 'never', label: 'Until somebody releases it' },
  { value: String(DAY_MS), label: 'For a day' },
  { value: String(7 * DAY_MS), label: 'For a week' },
] as const

const nameOf = ({ kind, value }: RunSubject): string => `${kind} ${value}`

export function ContainStep({ state, onDone }: ContainStepProps) {
  const open = state.subjects.filter(({ isLocked }) => !isLocked)
  const [chosen, setChosen] = useState<readonly string[]>(
    open.filter(({ isAdvised }) => isAdvised).map(nameOf),
  )
  const [reason, setReason] = useState(`Case #${state.case.number}: contain what leaked`)
  const [ends, setEnds] = useState('never')
  const locks = open.filter((one) => chosen.includes(nameOf(one)))
  const contain = useMutation({
    mutationFn: () =>
      containNow(state.case.id, {
        locks: locks.map(({ kind, value }) => ({ kind, value })),
        reason: reason.trim(),
        expiresInMs: ends === 'never' ? 'never' : Number(ends),
      }),
    onSuccess: onDone,
  })
  return (
    <Panel title="Contain" note="refused from the next request on; in flight within a second">
      {state.subjects.length === 0 && (
        <Notice kind="empty" title="There is nothing to lock">
          <p>No exchange is pinned yet.</p>
        </Notice>
      )}
      <ul className={classes.subjects} aria-label="What can be locked">
        {state.subjects.map((subject) => (
          <li key={nameOf(subject)}>
            <Checkbox
              label={visibleLine(subject.why, 160)}
              checked={subject.isLocked || chosen.includes(nameOf(subject))}
              disabled={subject.isLocked}
              onChange={(event) => {
                const name = nameOf(subject)
                setChosen(
                  event.currentTarget.checked
                    ? [...chosen, name]
                    : chosen.filter((one) => one !== name),
                )
              }}
            />
            <span className={classes.count}>
              {subject.isLocked
                ? 'locked'
                : `stops ${formatCount(subject.exchanges)} exchanges of the last 7 days, cuts ${formatCount(subject.inFlight)} in flight`}
            </span>
          </li>
        ))}
      </ul>
      {contain.isSuccess && (
        <p className={classes.done} role="status">
          {formatCount(contain.data.locks.length)} locks hold, {formatCount(contain.data.cut)}{' '}
          exchanges in flight were cut.
        </p>
      )}
      {open.length > 0 && (
        <form
          className={`${forms.form} ${classes.form}`}
          onSubmit={(event) => {
            event.preventDefault()
            if (locks.length > 0 && reason.trim() !== '') contain.mutate()
          }}
        >
          <Textarea
            label="Reason"
            description="Evidence, never shown to the caller"
            autosize
            minRows={1}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <NativeSelect
            label="Ends"
            data={[...ENDS]}
            value={ends}
            onChange={(event) => setEnds(event.target.value)}
          />
          <FormProblem error={contain.error} />
          <div className={forms.row}>
            <Button
              type="submit"
              color="red"
              leftSection={<IconLock size={16} />}
              disabled={locks.length === 0 || reason.trim() === ''}
              loading={contain.isPending}
            >
              Lock {formatCount(locks.length)} now
            </Button>
          </div>
        </form>
      )}
    </Panel>
  )
}
