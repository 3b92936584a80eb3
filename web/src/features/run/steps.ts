/** The steps of a guided run, in order, and which are done. */
import type { RunState } from '../../api/runs.ts'

export const STEPS = [
  { id: 'seen', title: 'Who saw it', says: 'everybody who was exposed, and how' },
  { id: 'source', title: 'How it got out', says: 'the key and the job behind it' },
  { id: 'contain', title: 'Contain', says: 'lock key and principal, cut streams' },
  { id: 'block', title: 'Block', says: 'a rule, tried on what is recorded' },
  { id: 'tell', title: 'Tell', says: 'those who must know' },
  { id: 'report', title: 'Report', says: 'hold, report and signed bundle' },
] as const

export type StepId = (typeof STEPS)[number]['id']

export function isStepId(text: unknown): text is StepId {
  return STEPS.some(({ id }) => id === text)
}

export function isDone(step: StepId, { done, sources }: RunState): boolean {
  switch (step) {
    case 'seen':
      return done.exposed
    case 'source':
      return sources.some(({ why }) => why.length > 0)
    case 'contain':
      return done.contained
    case 'block':
      return done.ruled
    case 'tell':
      return done.told
    case 'report':
      return done.handedOut
  }
}

/** Which entries of the case show that a step was done. */
export const EVIDENCE: Readonly<Record<StepId, readonly string[]>> = {
  seen: ['trace:'],
  source: [],
  contain: ['lk_'],
  block: ['policy '],
  tell: ['nt_'],
  report: ['ho_', 'bn_'],
}

/** Where one goes on after a pause: the first step that is not done. */
export function openStep(state: RunState): StepId {
  return STEPS.find(({ id }) => !isDone(id, state))?.id ?? 'report'
}

/** Words from the middle of a text, where it is least like others: what a rule could look for. */
export function phraseOf(text: string): string {
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  const middle = Math.max(0, Math.floor(words.length / 2) - 4)
  return words
    .slice(middle, middle + 8)
    .join(' ')
    .slice(0, 400)
}
