/** What one looks at in a film: the block that fills in or was chosen, what was found in it, and what was decided. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatBytes } from '../../ui/format.ts'
import { RecordedText } from '../../ui/recorded-text.tsx'
import type { FilmBlock, Frame, Glow, Scene } from './film.ts'
import { labelOf } from './sources.ts'
import classes from './on-stage.module.css'

interface OnStageProps {
  readonly frame: Frame
  /** The block that was chosen by hand; null shows the one that fills in. */
  readonly chosen: FilmBlock | null
}

const CHARS_MAX = 2_400
const FINDINGS_MAX = 6

export function OnStage({ frame, chosen }: OnStageProps) {
  const { scene } = frame
  const block = chosen ?? frame.focus
  return (
    <section className={classes.stage} aria-label="On stage">
      {block === null ? (
        <p className={classes.none}>Nothing is in the window.</p>
      ) : (
        <>
          <header className={classes.head} data-source={block.source}>
            <strong>{block.key === 'answer' ? 'model answers' : labelOf(block.source)}</strong>
            <span>{block.isCarried ? 'carried over' : 'new in this turn'}</span>
            <span className={classes.size}>{formatBytes(block.bytes)}</span>
          </header>
          <div className={classes.text} tabIndex={0} role="region" aria-label="Text of the block">
            {block.parts.map((part, at) => (
              <div key={at} data-kind={part.kind}>
                {part.name !== null && part.name !== '' && (
                  <code>{visibleLine(part.name, 80)}</code>
                )}
                <RecordedText text={part.text.slice(0, CHARS_MAX)} />
                {part.text.length > CHARS_MAX && <em>… the rest is on the page of the turn</em>}
              </div>
            ))}
            {block.source === 'unread' && <p>The content of this turn is not read.</p>}
          </div>
          <Findings glows={block.glows} />
        </>
      )}
      <Verdict scene={scene} />
    </section>
  )
}

function Findings({ glows }: { readonly glows: readonly Glow[] }) {
  if (glows.length === 0) return null
  return (
    <ul className={classes.findings}>
      {glows.slice(0, FINDINGS_MAX).map(({ entity, rule, isMasked }, at) => (
        <li key={at} data-masked={isMasked || undefined}>
          <strong>{visibleLine(entity, 50)}</strong> by {visibleLine(rule, 50)}
          {isMasked ? ', masked on its way out' : ', left as it was'}
        </li>
      ))}
      {glows.length > FINDINGS_MAX && <li>{glows.length - FINDINGS_MAX} more</li>}
    </ul>
  )
}

function Verdict({ scene }: { readonly scene: Scene }) {
  const { judged, turn } = scene
  const { exchange } = turn
  const rule = exchange.decidingRule
  return (
    <p className={classes.verdict} data-judged={judged}>
      {judged === 'passed' && (exchange.verdict === 'mask' ? 'Passed with masks' : 'Passed')}
      {judged === 'held' && 'Held for a person'}
      {judged === 'stopped' && 'Stopped: nothing of it went on'}
      {rule !== null && <code>{visibleLine(rule, 60)}</code>}
      <Link to="/exchanges/$id" params={{ id: exchange.id }}>
        Open the turn
      </Link>
    </p>
  )
}
