/** What is to be said of the text: problems, doubts, tests, and how it differs from what is in force. */
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { PolicyCheck } from '../../api/policy.ts'
import { Panel } from '../../ui/panel.tsx'
import classes from './policy.module.css'

const SIGNS = { added: '+', removed: '−', changed: '~' } as const

export function CheckPanel({ check }: { readonly check: PolicyCheck | undefined }) {
  if (check === undefined) return null
  const { remarks, tests, changes, ok } = check
  const failed = tests.filter(({ passed }) => !passed)
  return (
    <>
      <Panel
        title="Check"
        note={ok ? `policy ${check.hash.slice(0, 12)}` : 'it cannot be published'}
      >
        <ul className={classes.list}>
          {remarks.map(({ kind, line, message, hint }) => (
            <li key={`${line} ${message}`} className={classes.remark} data-kind={kind}>
              <span className={classes.line}>{line}</span>
              <strong>{visibleLine(message, 400)}</strong>
              {hint !== '' && <span className={classes.hint}>{visibleLine(hint, 400)}</span>}
            </li>
          ))}
          {ok && remarks.length === 0 && <li className={classes.good}>No problem and no doubt.</li>}
          {ok && (
            <li className={failed.length === 0 ? classes.good : classes.failed}>
              {tests.length - failed.length} of {tests.length} tests pass
            </li>
          )}
          {failed.map(({ rule, name, expected, got }) => (
            <li key={`${rule} ${name}`} className={classes.failed}>
              {rule}: {visibleLine(name, 120)}: expected {expected}, got {got}
            </li>
          ))}
        </ul>
      </Panel>
      {changes.length > 0 && (
        <Panel title="Changes" note="against the policy in force">
          <ul className={classes.list}>
            {changes.map(({ rule, change, fields }) => (
              <li key={rule}>
                <strong>
                  {SIGNS[change]} {rule}
                </strong>
                {fields.map(({ field, before, after }) => (
                  <div key={field} className={classes.quiet}>
                    {field}: {visibleLine(before, 120)} → {visibleLine(after, 120)}
                  </div>
                ))}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  )
}
