/** How locks are shown: a table for people, one JSON object each for programs. */
import type { LockRow } from '../model/containment.ts'
import { printJson, printTable, timeText } from './output.ts'

export interface ShownLock extends LockRow {
  readonly state: string
}

export function showLocks(locks: readonly ShownLock[], isJson: boolean): void {
  if (isJson) {
    for (const lock of locks) printJson(lock)
    return
  }
  printTable(locks, [
    { title: 'ID', of: (lock) => lock.id, widthMax: 30 },
    { title: 'KIND', of: (lock) => lock.kind, widthMax: 12 },
    { title: 'VALUE', of: (lock) => lock.value, widthMax: 40 },
    { title: 'STATE', of: (lock) => lock.state, widthMax: 10 },
    { title: 'BY', of: (lock) => lock.owner, widthMax: 20 },
    { title: 'SINCE', of: (lock) => timeText(lock.createdAtMs), widthMax: 24 },
    {
      title: 'UNTIL',
      of: (lock) => (lock.expiresAtMs === null ? 'released' : timeText(lock.expiresAtMs)),
      widthMax: 24,
    },
    { title: 'REASON', of: (lock) => lock.reason, widthMax: 60 },
  ])
}
