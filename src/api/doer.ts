/** Who does it, as desks note it. */
import type { SignedIn } from '../identity/signed-in.ts'
import type { Doer } from '../incident/keeping/hold-desk.ts'

export const doerOf = ({ person }: Pick<SignedIn, 'person'>): Doer => ({
  person: person.id,
  login: person.login,
})
