/** The frame of a page: its title, what it is for, its controls at the right. */
import type { ReactNode } from 'react'
import classes from './page.module.css'

interface PageProps {
  readonly title: string
  readonly note?: ReactNode
  readonly aside?: ReactNode
  /** As high as the window, for a page whose list scrolls by itself. */
  readonly fills?: boolean
  readonly children: ReactNode
}

export function Page({ title, note, aside, fills = false, children }: PageProps) {
  return (
    <div className={classes.page} data-fill={fills || undefined}>
      <header className={classes.head}>
        <h1 className={classes.title}>{title}</h1>
        {note !== undefined && <span className={classes.note}>{note}</span>}
        {aside !== undefined && <span className={classes.aside}>{aside}</span>}
      </header>
      {children}
    </div>
  )
}
