/** What is wrong with who stands behind a key, in words, and when it ends for that. */
import type { GatewayKey } from '../../api/keys.ts'
import { Moment } from '../../ui/moment.tsx'
import classes from './key-flags.module.css'

const WORDS: Readonly<Record<GatewayKey['flags'][number], string>> = {
  'owner-gone': 'owner left',
  ownerless: 'nobody here',
  stale: 'not used for long',
}

export function KeyFlags({ flags, endsAtMs }: Pick<GatewayKey, 'flags' | 'endsAtMs'>) {
  if (flags.length === 0) return null
  return (
    <small className={classes.flags}>
      {flags.map((flag) => (
        <span key={flag} className={classes.flag} data-flag={flag}>
          {WORDS[flag]}
        </span>
      ))}
      {endsAtMs !== null && (
        <span>
          ends <Moment ms={endsAtMs} day />
        </span>
      )}
    </small>
  )
}
