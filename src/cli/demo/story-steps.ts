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
    '  Open the console as Ines, who responds to incidents (once, within 15 minutes); it begins at step 1:',
    `    ${consoleUrl}`,
    '',
    '  1. Paste the sentence and press "Who saw it". From the shell:',
    `       printf '%s' '${LEAKED_SNIPPET}' | custody trace - ${data}`,
    '  2. How it got out: a contractor who has left, and a key that still runs in a nightly job. Watch its film, or',
    `       custody replay ${leak} ${data}`,
    '  3. Contain: one act locks key and principal.',
    `       custody lock key ${leakedKey} --reason 'leak of Project Bluebird' ${data}`,
    '  4. Block: a rule against the words, with what it would have done in 30 days. Publish it.',
    '  5. Tell: the message is written already.',
    '  6. Report: hold, PDF and a signed bundle. Prove the whole record without trusting this server:',
    `       custody verify ${folder}/data`,
    '',
    '  Worth a look: the film of a coding agent (Conversations, Film), and content that takes two persons (people-assistant).',
    '  Ctrl-C ends it; the folder stays and can be opened again with custody up --config.',
    '',
  ]
}
