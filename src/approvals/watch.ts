/** Wakes those who wait for approvals: one look at the table's version for all of them, and only while somebody waits. */
import type { ApprovalTable } from '../model/approval.ts'

/** A decision reaches the caller within this. */
const LOOK_EVERY_MS = 40

export interface ApprovalWatch extends Disposable {
  /** Called after every change of any process, and now and then without one; gives the way to stop. */
  readonly follow: (listener: () => void) => () => void
  /** From now on nobody waits: the gateway is going down. */
  readonly close: () => void
  readonly isClosed: () => boolean
}

/** Time passes without a change, and a notification may be lost: look anyway. */
const LOOKS_BETWEEN = 6

export function createApprovalWatch(
  table: Pick<ApprovalTable, 'version'>,
  onFault: (what: string, error: unknown) => void,
): ApprovalWatch {
  const listeners = new Set<() => void>()
  let timer: NodeJS.Timeout | null = null
  let seen: number | null = null
  let looks = 0
  let closed = false

  const look = (): void => {
    timer = null
    try {
      const version = table.version()
      looks += 1
      if (version !== seen || looks >= LOOKS_BETWEEN || closed) {
        seen = version
        looks = 0
        for (const listener of listeners) listener()
      }
    } catch (error) {
      onFault('approvals not looked at', error)
    }
    schedule()
  }
  const schedule = (): void => {
    if (timer !== null || listeners.size === 0) return
    timer = setTimeout(look, LOOK_EVERY_MS)
  }
  return {
    follow: (listener) => {
      listeners.add(listener)
      schedule()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0 || timer === null) return
        clearTimeout(timer)
        timer = null
      }
    },
    close: () => {
      closed = true
      for (const listener of listeners) listener()
    },
    isClosed: () => closed,
    [Symbol.dispose]: () => {
      closed = true
      listeners.clear()
      if (timer !== null) clearTimeout(timer)
    },
  }
}
