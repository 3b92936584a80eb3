/** The root key and its rotation in two phases: which step comes next, and the command that makes it. */
import { CopyButton } from '../../ui/copy-button.tsx'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Facts, Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import type { KeyringEvent, KeyringStatus } from '../../api/keyring.ts'
import classes from './keyring.module.css'

type Root = KeyringStatus['root']
type Step = 'prepare' | 'rewrap' | 'retire'

const STEPS: readonly (readonly [step: Step, phase: string, says: string])[] = [
  ['prepare', 'First phase', 'the next key is made, and wraps everything from now on'],
  ['rewrap', 'First phase', 'every key is wrapped anew under it; content stays as it is'],
  ['retire', 'Second phase', 'the old key is destroyed, once nothing needs it'],
]

function nextStep({ leaving, rewrapped, segmentsLeft }: Root): Step {
  if (leaving === null) return 'prepare'
  return rewrapped && segmentsLeft === 0 ? 'retire' : 'rewrap'
}

interface RootKeyPanelProps {
  readonly root: Root
  readonly events: readonly KeyringEvent[]
}

export function RootKeyPanel({ root, events }: RootKeyPanelProps) {
  const { active, leaving, retired, segmentsLeft } = root
  const next = nextStep(root)
  const at = STEPS.findIndex(([step]) => step === next)
  const made = events.find(
    ({ type, details }) => type === 'keyring.prepared' && details['root'] === active,
  )
  return (
    <Panel
      title="Root key"
      note="wraps all other keys"
      aside={<StateBadge state={leaving === null ? 'active' : 'rotating'} />}
    >
      <div className={classes.body}>
        <Facts
          facts={[
            ['In use', <code key="active">{active}</code>],
            ['Made', made === undefined ? 'with this gateway' : <Moment ms={made.atMs} />],
            ['Leaving', leaving === null ? null : <code key="leaving">{leaving}</code>],
            [
              'Segments that only the leaving key opens',
              leaving === null ? null : formatCount(segmentsLeft),
            ],
            [
              'Retired',
              retired.length === 0 ? null : <code key="retired">{retired.join(' ')}</code>,
            ],
          ]}
        />
        <ol className={classes.steps} aria-label="Steps of a rotation">
          {STEPS.map(([step, phase, says], index) => (
            <li
              key={step}
              data-state={index < at ? 'done' : index === at ? 'next' : 'later'}
              aria-current={index === at && leaving !== null ? 'step' : undefined}
            >
              <small>{phase}</small>
              <strong>{step}</strong>
              <span>{says}</span>
            </li>
          ))}
        </ol>
        <p>
          {leaving === null
            ? 'No rotation is under way. Begin one with'
            : 'A rotation is under way, and traffic goes on. The next step is'}
        </p>
        <Command step={next} />
        {leaving !== null && (
          <>
            <p>
              Make a backup of the folder keys before the last step. Until then there is a way back:
            </p>
            <Command step="turn-back" />
          </>
        )}
      </div>
    </Panel>
  )
}

export function Command({ step }: { readonly step: string }) {
  const text = `custody keyring ${step} --server ${window.location.origin} --reason "why"`
  return (
    <p className={classes.command}>
      <code>{text}</code>
      <CopyButton text={text} label={`Copy the command ${step}`} />
    </p>
  )
}
