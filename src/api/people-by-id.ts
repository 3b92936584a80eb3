/** Everybody here by id, for routes that show names beside what people did. */
import type { PersonRow } from '../model/people.ts'
import type { ApiParts } from './parts.ts'

export type People = ReadonlyMap<string, PersonRow>

export async function peopleById({ control }: ApiParts): Promise<People> {
  return new Map((await control.people.list()).map((person) => [person.id, person]))
}
