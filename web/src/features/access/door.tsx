/** The small card in the middle that stands for the console while nobody is inside. */
import type { ReactNode } from 'react'
import { Mark } from '../shell/mark.tsx'
import classes from './door.module.css'

interface DoorProps {
  readonly title: string
  readonly children: ReactNode
}

export function Door({ title, children }: DoorProps) {
  return (
    <main className={classes.door}>
      <div className={classes.card}>
        <Mark />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}
