/** Keeps in a case what was done for it elsewhere: a hold, a lock, a bundle, a message. */
import { GatewayError } from '../model/errors.ts'
import type { ApiParts } from './parts.ts'

export interface CaseNote {
  /** Id of the case; other words name no case and nothing is kept. */
  readonly case: string
  readonly person: string
  /** Id of what was made. */
  readonly target: string
  readonly text: string
}

/** What was done stays done where the case is closed, sealed for this person, or unknown. */
export async function noteInCase({ cases }: ApiParts, note: CaseNote): Promise<void> {
  const { target, text } = note
  const entry = { kind: 'action' as const, parent: null, target, span: null, text, task: null }
  try {
    await cases.add(note.case, note.person, entry)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
  }
}
