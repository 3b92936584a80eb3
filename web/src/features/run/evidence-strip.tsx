/** What the case keeps of a step: the proof that it was done, by whom and when. */
import { useQuery } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { caseQuery } from '../../api/cases.ts'
import { Moment } from '../../ui/moment.tsx'
import { EVIDENCE } from './steps.ts'
import type { StepId } from './steps.ts'
import classes from './run.module.css'

interface EvidenceStripProps {
  readonly caseId: string
  readonly step: StepId
}

export function EvidenceStrip({ caseId, step }: EvidenceStripProps) {
  const file = useQuery(caseQuery(caseId))
  const prefixes = EVIDENCE[step]
  const kept = (file.data?.entries ?? []).filter(
    ({ target, removedAtMs }) =>
      removedAtMs === null && prefixes.some((prefix) => target.startsWith(prefix)),
  )
  if (kept.length === 0) return null
  return (
    <ul className={classes.evidence} aria-label="Kept in the case">
      {kept.map(({ id, atMs, by, target, text }) => (
        <li key={id}>
          <Moment ms={atMs} /> <strong>{visibleLine(by.login, 60)}</strong> {visibleLine(text, 240)}{' '}
          <code>{visibleLine(target, 60)}</code>
        </li>
      ))}
    </ul>
  )
}
