/** What detection saw in an exchange, where, and what was done with it; never the value itself. */
import { Link } from '@tanstack/react-router'
import type { ExchangeDetail } from '../../api/exchanges.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatCount } from '../../ui/format.ts'
import { PinFinding } from '../cases/pin-to-case.tsx'
import { LockButton } from '../locks/lock-button.tsx'
import { Panel } from '../../ui/panel.tsx'
import classes from './findings-panel.module.css'

type Finding = NonNullable<ExchangeDetail['findings']>[number]

const SHOWN_MAX = 200
/** Digits that are enough to tell one value from another. */
const DIGITS = 16

export function FindingsPanel({ detail }: { readonly detail: ExchangeDetail }) {
  const { findings, uninspected } = detail
  if (findings === null) return null
  const note =
    findings.length === 0 ? 'nothing was found' : `${formatCount(findings.length)}, without values`
  return (
    <Panel title="Findings" note={note}>
      {findings.length > 0 && (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label="List of findings">
          <table className={classes.findings}>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Where</th>
                <th scope="col">Done</th>
                <th scope="col">Rule</th>
                <th scope="col">Score</th>
                <th scope="col">Same value elsewhere</th>
                <th scope="col">Controls</th>
              </tr>
            </thead>
            <tbody>
              {findings.slice(0, SHOWN_MAX).map((finding, at) => (
                <Row key={at} exchange={detail.exchange.id} finding={finding} at={at} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {findings.length > SHOWN_MAX && (
        <p className={classes.note}>{formatCount(findings.length - SHOWN_MAX)} more.</p>
      )}
      {uninspected.length > 0 && (
        <p className={classes.note}>
          Not looked into:{' '}
          {uninspected
            .slice(0, 6)
            .map(({ direction, channel, reason }) => `${direction} ${channel} (${reason})`)
            .join(', ')}
          {uninspected.length > 6 ? ` and ${formatCount(uninspected.length - 6)} more` : ''}.
        </p>
      )}
    </Panel>
  )
}

interface RowProps {
  readonly exchange: string
  readonly finding: Finding
  /** Among the findings of the exchange. */
  readonly at: number
}

function Row({ exchange, finding, at }: RowProps) {
  const { entity, rule, operator, score, fingerprint } = finding
  const digits = fingerprint.slice(0, DIGITS)
  return (
    <tr>
      <td>
        <strong>{visibleLine(entity, 60)}</strong>
      </td>
      <td>{placeOf(finding)}</td>
      <td data-operator={operator}>{operator === 'keep' ? 'left as it was' : operator}</td>
      <td>
        <code>{visibleLine(rule, 60)}</code>
      </td>
      <td>{score.toFixed(2)}</td>
      <td>
        {digits !== '' && (
          <Link to="/entity" search={{ kind: 'finding', value: digits }}>
            <code>{digits}</code>
          </Link>
        )}
      </td>
      <td>
        <PinFinding exchange={exchange} finding={at} entity={entity} place={placeOf(finding)} />
        <LockButton kind="finding" value={fingerprint} />
      </td>
    </tr>
  )
}

function placeOf({ direction, block, channel }: Finding): string {
  if (direction === 'answer') return `answer, ${visibleLine(channel, 60)}`
  return block === null ? 'request' : `request, block ${block + 1}`
}
