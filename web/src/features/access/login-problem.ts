/** Why a login at an identity provider did not end inside, and what to do about it. */
import type { LoginProblem } from '../../../../src/api/contract/login.ts'

const WORDS: Readonly<Record<LoginProblem, readonly [title: string, text: string]>> = {
  unavailable: [
    'The identity provider does not answer',
    'Try again in a moment. If it stays so, an operator finds the reason in the audit trail.',
  ],
  expired: [
    'That login took too long',
    'Its answer was used before, or it began in another browser. Begin again here.',
  ],
  declined: ['The identity provider said no', 'You cancelled, or it does not let you in here.'],
  unproven: [
    'The answer of the identity provider proves nothing',
    'It was refused and written to the audit trail. Tell an admin.',
  ],
  unlinked: [
    'Nobody here is linked to that account',
    'You were recognised, but strangers are not let in, or your login name belongs to somebody else here. Tell an admin.',
  ],
  'no-role': [
    'None of your groups gives a role here',
    'You were recognised. Ask for membership of a group that has a role in Custody.',
  ],
  disabled: [
    'Your access has ended',
    'Your account here is disabled. Tell an admin if that is wrong.',
  ],
}

function isProblem(text: string): text is LoginProblem {
  return Object.hasOwn(WORDS, text)
}

export interface LoginProblemText {
  readonly title: string
  readonly text: string
}

/** Null for what is no problem of ours: anybody can write into an address. */
export function loginProblemText(problem: string): LoginProblemText | null {
  if (!isProblem(problem)) return null
  const [title, text] = WORDS[problem]
  return { title, text }
}
