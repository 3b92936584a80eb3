/** The state of an exchange, a key, a person, an upstream, or how a proof came out, by colour and by word. */
import classes from './state-badge.module.css'

const TONES: Readonly<Record<string, string>> = {
  complete: 'good',
  active: 'good',
  healthy: 'good',
  done: 'good',
  allowed: 'good',
  failing: 'bad',
  denied: 'bad',
  failed: 'warn',
  unsteady: 'warn',
  disabled: 'warn',
  expired: 'warn',
  sound: 'good',
  open: 'busy',
  pending: 'busy',
  rotating: 'busy',
  'to be wrapped anew': 'warn',
  revoked: 'bad',
  approved: 'good',
  'approved-masked': 'good',
  cancelled: 'quiet',
  contained: 'warn',
  held: 'bad',
  released: 'good',
  closed: 'good',
  interrupted: 'warn',
  refused: 'bad',
  damaged: 'bad',
}

export function StateBadge({ state }: { readonly state: string }) {
  return (
    <span className={classes.badge} data-tone={TONES[state] ?? 'quiet'}>
      <span className={classes.dot} aria-hidden="true" />
      {state}
    </span>
  )
}

/** An HTTP status, coloured by its class. */
export function StatusCode({ status }: { readonly status: number | null }) {
  if (status === null) return <span className={classes.none}>–</span>
  const tone = status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'good'
  return (
    <span className={classes.code} data-tone={tone}>
      {status}
    </span>
  )
}
