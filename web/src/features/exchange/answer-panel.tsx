/** The answer put together from its stream: text, reasoning, tool calls, refusal, or the error it was. */
import type { Content } from '../../api/content.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatBytes, formatCount, formatDuration } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { Part } from './block-card.tsx'
import classes from './answer-panel.module.css'

interface AnswerPanelProps {
  readonly answer: Content['answer']
  readonly isOpen: boolean
}

export function AnswerPanel({ answer, isOpen }: AnswerPanelProps) {
  const { assembled, head, bytes, chunks, problem } = answer
  const note = [
    formatBytes(bytes),
    chunks > 1 ? `${formatCount(chunks)} chunks` : '',
    head === null ? '' : `first bytes after ${formatDuration(head.atMs)}`,
    head?.origin === 'gateway' ? 'written by the gateway' : '',
  ]
  return (
    <Panel title="Answer" note={note.filter((text) => text !== '').join(', ')}>
      <div className={classes.answer}>
        {isOpen && <p className={classes.note}>It is still being given.</p>}
        {!isOpen && head === null && <p className={classes.note}>None was given.</p>}
        {problem !== '' && <p className={classes.note}>Could not be put together: {problem}</p>}
        {assembled !== null && (
          <>
            {assembled.error !== null && (
              <div className={classes.error}>
                <span className={classes.label}>Error of the provider</span>
                <RecordedText text={assembled.error} />
              </div>
            )}
            {assembled.reasoning !== '' && (
              <Part part={part('reasoning', assembled.reasoning, null, null)} />
            )}
            {assembled.text !== '' && <RecordedText text={assembled.text} />}
            {assembled.refusal !== '' && (
              <div className={classes.error}>
                <span className={classes.label}>Refusal by the model</span>
                <RecordedText text={assembled.refusal} />
              </div>
            )}
            {assembled.toolCalls.map((call, at) => (
              <div key={at} className={classes.tool}>
                <Part part={part('tool-call', call.arguments, call.name, call.id)} />
              </div>
            ))}
            {assembled.finishReason !== null && (
              <p className={classes.note}>
                Finished: <code>{visibleLine(assembled.finishReason, 60)}</code>
              </p>
            )}
            {assembled.truncated && <p className={classes.note}>Shortened here; all is in Raw.</p>}
          </>
        )}
      </div>
    </Panel>
  )
}

function part(
  kind: 'reasoning' | 'tool-call',
  text: string,
  name: string | null,
  id: string | null,
): Parameters<typeof Part>[0]['part'] {
  return { kind, text, name, id, truncated: false }
}
