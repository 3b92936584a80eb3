/** How far a hunt has come, in one word and a bar. */
import { Progress } from '@mantine/core'
import type { HuntHead } from '../../api/hunts.ts'
import { formatBytes, formatCount } from '../../ui/format.ts'

const WORDS: Readonly<Record<HuntHead['state'], string>> = {
  running: 'running',
  done: 'done',
  cancelled: 'cancelled',
  full: 'stopped: too much was found',
  failed: 'failed',
  interrupted: 'interrupted',
}

function huntShare({ state, bytes, bytesTotal }: HuntHead): number {
  if (state === 'done') return 100
  return bytesTotal === 0 ? 0 : Math.min(99, Math.round((100 * bytes) / bytesTotal))
}

export function HuntState({ hunt }: { readonly hunt: HuntHead }) {
  const share = huntShare(hunt)
  return (
    <span>
      {WORDS[hunt.state]}
      {hunt.state === 'done'
        ? ''
        : `, ${share} % of ${hunt.kind === 'policy' ? `${formatCount(hunt.bytesTotal)} exchanges` : formatBytes(hunt.bytesTotal)}`}
      <Progress value={share} size="xs" mt={4} aria-label={`${share} % looked into`} />
    </span>
  )
}
