/** How grave a case is and how far it may be told, by word and colour. */
import type { Case } from '../../api/cases.ts'
import classes from './case-labels.module.css'

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const
export const TLPS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const
export const STATUSES = ['open', 'contained', 'closed'] as const

export function Severity({ severity }: { readonly severity: Case['severity'] }) {
  return (
    <span className={classes.label} data-severity={severity}>
      {severity}
    </span>
  )
}

/** The colours of TLP 2.0 (FIRST) on the black that the standard asks for. */
export function Tlp({ tlp }: { readonly tlp: Case['tlp'] }) {
  return (
    <span className={classes.tlp} data-tlp={tlp}>
      TLP:{tlp.toUpperCase()}
    </span>
  )
}
