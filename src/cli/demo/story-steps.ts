/** The six steps of the story, from the snippet to the report, as lines to print. */
import type { Filled } from './fill.ts'
import { LEAKED_SNIPPET } from './story.ts'

interface Stage extends Filled {
  readonly folder: string
  readonly consoleUrl: string
}

export function storySteps({ folder, consoleUrl, leak, leakedKey }: Stage): readonly string[] {
  const data = `--data ${folder}/data`
  return [
    '',
    '  A confidential sentence turned up on a public board this morning:',
    '',
    `    ${LEAKED_SNIPPET}`,
    '',
    `  1. Log in as Ines, who responds to incidents (once, within 15 minutes):`,
    `       ${consoleUrl}`,
    '  2. Ask who saw it: paste the sentence under Trace, or',
    `       printf '%s' '${LEAKED_SNIPPET}' | custody trace - ${data}`,
    '  3. Read how it got out, at its original pace:',
    `       custody replay ${leak} ${data}`,
    '  4. Contain it: the key of a contractor who has left still runs in the nightly job.',
    `       custody lock key ${leakedKey} --reason 'leak of Project Bluebird' ${data}`,
    '  5. Keep what you found: pin the exchange to a case, from its page.',
    '  6. Prove that the record is whole, without trusting this server:',
    `       custody verify ${folder}/data`,
    '',
    '  Ctrl-C ends it; the folder stays and can be opened again with custody up --config.',
    '',
  ]
}
