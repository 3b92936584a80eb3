/** The name of the product with its sign. */
import classes from './mark.module.css'

export function Mark() {
  return (
    <span className={classes.mark}>
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <rect width="32" height="32" rx="7" className={classes.ground} />
        <path d="M22.5 11.2a8 8 0 1 0 0 9.6" className={classes.ring} />
        <circle cx="16" cy="16" r="2.6" className={classes.dot} />
      </svg>
      Custody
    </span>
  )
}
