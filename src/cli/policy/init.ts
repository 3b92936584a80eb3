/** `custody policy init`: writes the starter policy, and never over a file that exists. */
import { writeFileSync } from 'node:fs'
import { starterPolicyText } from '../../config/policy/starter.ts'
import { errorCode } from '../../lib/error-code.ts'
import { EXIT, failWith, print } from '../output.ts'

export function initPolicy(file: string): void {
  try {
    writeFileSync(file, starterPolicyText(), { flag: 'wx' })
  } catch (error) {
    const exists = errorCode(error) === 'EEXIST'
    return failWith(
      exists ? EXIT.usage : EXIT.failed,
      exists ? `${file} exists` : `${file} cannot be written`,
      exists ? 'name another file, or remove it first' : '',
    )
  }
  print(`wrote ${file}`)
  print(`add to custody.yaml:  policy: ${file}`)
  print(`then:  custody policy check ${file} && custody policy test ${file}`)
}
