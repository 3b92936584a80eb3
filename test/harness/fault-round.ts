/** One round on a disk that fails once, or from some call on, and how a process that met that is left. */
import type { TestEvidence } from './evidence.ts'
import type { Fault, FaultyDisk } from './faulty-disk.ts'

/** `dead`: every call after this one fails too, as if the process had been killed there. */
export type RoundFault = Fault | 'dead'

export interface FaultRound {
  /** Of the call, from 1 on. */
  readonly number: number
  readonly fault: RoundFault
}

export interface BegunRound {
  readonly isDead: () => boolean
  /** Of the calls since it began. */
  readonly names: () => readonly string[]
  /** A process that was killed says no goodbye, and its disk stays dead until `later` is over. */
  readonly leave: (opened: TestEvidence, later: AsyncDisposableStack) => Promise<void>
}

export function beginRound(faulty: FaultyDisk, round: FaultRound | null): BegunRound {
  const first = faulty.calls.length
  let isDead = false
  faulty.decide = ({ number }) => {
    if (isDead) return 'EIO'
    if (round === null || number - first !== round.number) return null
    if (round.fault !== 'dead') return round.fault
    isDead = true
    return 'EIO'
  }
  const heal = (): void => {
    faulty.decide = () => null
  }
  return {
    isDead: () => isDead,
    names: () => faulty.calls.slice(first).map(({ name }) => name),
    leave: async (opened, later) => {
      if (!isDead) {
        heal()
        await opened[Symbol.asyncDispose]()
        return
      }
      await opened.store[Symbol.asyncDispose]()
      later.defer(async () => {
        heal()
        await Promise.resolve(opened.evidence[Symbol.asyncDispose]()).catch(() => {})
      })
    },
  }
}

/** In what ways a call of this name fails. */
export function faultsOf(name: string): readonly RoundFault[] {
  return name === 'write' ? ['EIO', 'dead', 'ENOSPC', 'torn'] : ['EIO', 'dead']
}
