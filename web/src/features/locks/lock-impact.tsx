/** What a lock will hit, before it is set. */
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { LockPreview } from '../../api/locks.ts'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Facts, Panel } from '../../ui/panel.tsx'
import classes from './lock-impact.module.css'

const VALUES_SHOWN = 4

export function LockImpact({ preview }: { readonly preview: LockPreview | null }) {
  if (preview === null) return null
  const { exchanges, inFlight, lastSeenAtMs, keys, locks } = preview
  return (
    <Panel title="What it will hit" note="last seven days">
      <div className={classes.body}>
        <Facts
          facts={[
            ['Exchanges', formatCount(exchanges)],
            ['In flight now', formatCount(inFlight)],
            ['Last seen', lastSeenAtMs === null ? 'never' : <Moment key="at" ms={lastSeenAtMs} />],
            ['Principals', named(preview.principals)],
            ['Services', named(preview.services)],
            ['Models', named(preview.models)],
            ['Keys that stop', listed(keys.map(({ name, owner }) => `${name} of ${owner}`))],
            ['Locked already', listed(locks.map(({ id }) => id))],
          ]}
        />
      </div>
    </Panel>
  )
}

function named(values: LockPreview['models']): string | null {
  return listed(values.filter(({ value }) => value !== '').map(({ value }) => value))
}

function listed(texts: readonly string[]): string | null {
  if (texts.length === 0) return null
  const more = texts.length > VALUES_SHOWN ? ` and ${texts.length - VALUES_SHOWN} more` : ''
  return visibleLine(texts.slice(0, VALUES_SHOWN).join(', '), 200) + more
}
