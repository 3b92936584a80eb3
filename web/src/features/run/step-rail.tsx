/** The steps of a run as a rail: where one is, what is done, what comes. */
import { IconCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { RunState } from '../../api/runs.ts'
import { STEPS, isDone } from './steps.ts'
import type { StepId } from './steps.ts'
import classes from './run.module.css'

interface StepRailProps {
  /** Null before a text was pasted. */
  readonly state: RunState | null
  readonly step: StepId | null
}

export function StepRail({ state, step }: StepRailProps) {
  return (
    <ol className={classes.rail} aria-label="Steps">
      <li data-done={state !== null || undefined} data-current={step === null || undefined}>
        <span className={classes.dot}>{state === null ? 1 : <IconCheck size={14} />}</span>
        <span>
          <strong>Paste it</strong>
          <small>what leaked, as you got it</small>
        </span>
      </li>
      {STEPS.map(({ id, title, says }, at) => {
        const done = state !== null && isDone(id, state)
        const body = (
          <>
            <span className={classes.dot}>{done ? <IconCheck size={14} /> : at + 2}</span>
            <span>
              <strong>{title}</strong>
              <small>{says}</small>
            </span>
          </>
        )
        return (
          <li
            key={id}
            data-done={done || undefined}
            data-current={id === step || undefined}
            aria-current={id === step ? 'step' : undefined}
          >
            {state === null ? (
              body
            ) : (
              <Link to="/cases/$id/run" params={{ id: state.case.id }} search={{ step: id }}>
                {body}
              </Link>
            )}
          </li>
        )
      })}
    </ol>
  )
}
