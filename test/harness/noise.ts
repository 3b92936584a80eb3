/** Makes text that does not compress away, the same for the same seed, so that stored bytes can be judged. */
import { createHash } from 'node:crypto'

export function noise(seed: string, characters: number): string {
  let text = ''
  for (let i = 0; text.length < characters; i += 1) {
    text += createHash('sha512').update(`${seed}${i}`).digest('base64url')
  }
  return text.slice(0, characters)
}
