/** Why a call of the control plane failed, in the words and with the exit code of the command line. */
import { EXIT } from '../output.ts'

/** Carries what is said to the one place that ends a command. */
export class RemoteFailure extends Error {
  override readonly name = 'RemoteFailure'
  readonly hint: string
  readonly exit: number
  /** HTTP status; null when there was no answer. */
  readonly status: number | null

  constructor(
    message: string,
    hint: string,
    { exit = EXIT.failed, status = null }: { exit?: number; status?: number | null } = {},
  ) {
    super(message)
    this.hint = hint
    this.exit = exit
    this.status = status
  }
}

export function usageFailure(message: string, hint: string): RemoteFailure {
  return new RemoteFailure(message, hint, { exit: EXIT.usage })
}
