/** The context window as its blocks: roles, tools, tool results, what is new in this exchange; the long past folded. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Content, ContentBlock } from '../../api/content.ts'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { PinBlock } from '../cases/pin-to-case.tsx'
import { BlockCard } from './block-card.tsx'
import classes from './context-window.module.css'

interface ContextWindowProps {
  readonly exchange: string
  readonly request: Content['request']
}

/** The newest blocks are what the answer is about; the ones before are folded when there are more. */
const RECENT = 6

export function ContextWindow({ exchange, request }: ContextWindowProps) {
  const { blocks, kind, bytes, text, truncated } = request
  const definitions = blocks.filter(({ role }) => role === 'tool-definition')
  const said = blocks.filter(({ role }) => role !== 'tool-definition')
  const note =
    kind === 'blocks'
      ? `${formatCount(blocks.length)} blocks, ${formatBytes(bytes)}`
      : formatBytes(bytes)
  return (
    <Panel title="Context window" note={note}>
      <div className={classes.blocks}>
        {kind === 'none' && <p className={classes.note}>The request had no body.</p>}
        {kind === 'unreadable' && (
          <p className={classes.note}>
            The body could not be read as its surface demands; see Raw.
          </p>
        )}
        {kind === 'opaque' && text === null && (
          <p className={classes.note}>The body is no text; see Raw.</p>
        )}
        {text !== null && (
          <div className={classes.text}>
            <RecordedText text={text} />
          </div>
        )}
        {definitions.length > 0 && <Definitions blocks={definitions} />}
        <Thread exchange={exchange} blocks={said} />
        {truncated && <p className={classes.note}>Shortened here; everything is in Raw.</p>}
      </div>
    </Panel>
  )
}

function Definitions({ blocks }: { readonly blocks: readonly ContentBlock[] }) {
  const [isOpen, setOpen] = useState(false)
  const names = blocks.flatMap(({ parts }) => parts.map(({ name }) => name ?? '')).filter(Boolean)
  return (
    <div>
      <Button
        variant="default"
        size="compact-sm"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {isOpen ? 'Fold' : 'Show'} {formatCount(blocks.length)} tool definition
        {blocks.length === 1 ? '' : 's'}
      </Button>
      {!isOpen && names.length > 0 && (
        <span className={classes.names}>
          <RecordedText inline text={names.slice(0, 12).join(', ')} />
        </span>
      )}
      {isOpen && blocks.map((block) => <BlockCard key={block.index} block={block} />)}
    </div>
  )
}

interface ThreadProps {
  readonly exchange: string
  readonly blocks: readonly ContentBlock[]
}

function Thread({ exchange, blocks }: ThreadProps) {
  const [isOpen, setOpen] = useState(false)
  const firstNew = blocks.findIndex(({ novelty }) => novelty === 'new')
  const fold = Math.max(
    0,
    Math.min(blocks.length - RECENT, firstNew < 0 ? blocks.length : firstNew),
  )
  const isFolded = !isOpen && fold > 2
  const [system, ...earlier] = blocks.slice(0, fold)
  return (
    <>
      {isFolded && system?.role === 'system' && <BlockCard block={system} />}
      {isFolded && (
        <button type="button" className={classes.fold} onClick={() => setOpen(true)}>
          {formatCount(system?.role === 'system' ? earlier.length : fold)} earlier blocks
          {blocks.some(({ novelty }) => novelty === 'carried-over') ? ', carried over' : ''}
        </button>
      )}
      {(isFolded ? blocks.slice(fold) : blocks).map((block) => (
        <BlockCard
          key={block.index}
          block={block}
          aside={
            <PinBlock
              exchange={exchange}
              block={block.index}
              length={block.parts.find(({ kind }) => kind === 'text')?.text.length ?? 0}
            />
          }
        />
      ))}
    </>
  )
}
