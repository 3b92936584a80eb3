/** The starter policy, shipped beside the detector packs. */
import { readFileSync } from 'node:fs'

const FILE = new URL('../../../policies/starter.yaml', import.meta.url)

export function starterPolicyText(): string {
  return readFileSync(FILE, 'utf8')
}
