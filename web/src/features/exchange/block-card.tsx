/** One block of a context window. A long one is cut short until it is asked for. */
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { ContentBlock, ContentPart } from '../../api/content.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatBytes } from '../../ui/format.ts'
import { mayCall, useMe } from '../access/me.ts'
import { RecordedText } from '../../ui/recorded-text.tsx'
import classes from './block-card.module.css'

const ROLES: Readonly<Record<ContentBlock['role'], string>> = {
  system: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool result',
  'tool-definition': 'Tool',
  other: 'Other',
}

const NOVELTY: Readonly<Record<ContentBlock['novelty'], string>> = {
  new: 'new',
  'carried-over': 'carried over',
  'seen-before': 'seen before',
  unknown: '',
}

interface BlockCardProps {
  readonly block: ContentBlock
  /** What can be done with it. */
  readonly aside?: ReactNode
}

export function BlockCard({ block, aside }: BlockCardProps) {
  const { id, role, novelty, parts, firstExchange } = block
  const mayTrace = mayCall(useMe(), 'trace.search')
  return (
    <article className={classes.block} data-role={role} data-novelty={novelty}>
      <header className={classes.head}>
        <span className={classes.role}>{ROLES[role]}</span>
        {novelty !== 'unknown' && <span className={classes.novelty}>{NOVELTY[novelty]}</span>}
        {firstExchange !== null && novelty !== 'new' && (
          <Link to="/exchanges/$id" params={{ id: firstExchange }} className={classes.first}>
            first recorded there
          </Link>
        )}
        {id !== '' && mayTrace && (
          <Link to="/trace/blocks/$id" params={{ id }} className={classes.first}>
            who held it
          </Link>
        )}
        <span className={classes.size} title={`Bytes ${block.start} to ${block.end} of the body`}>
          {formatBytes(block.bytes)}
        </span>
        {aside}
      </header>
      {parts.map((part, at) => (
        <Part key={at} part={part} />
      ))}
    </article>
  )
}

const SHORT = 1_600

export function Part({ part }: { readonly part: ContentPart }) {
  const [isLong, setLong] = useState(false)
  const { kind, text, name, id, truncated } = part
  const isCut = text.length > SHORT * 1.5 && !isLong
  return (
    <div className={classes.part} data-kind={kind}>
      {kind !== 'text' && (
        <div className={classes.label}>
          {LABELS[kind]}
          {name !== null && name !== '' && <code>{visibleLine(name, 120)}</code>}
          {id !== null && id !== '' && <small>{visibleLine(id, 60)}</small>}
        </div>
      )}
      <RecordedText text={isCut ? text.slice(0, SHORT) : readable(kind, text)} />
      {isCut && (
        <button type="button" className={classes.more} onClick={() => setLong(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
      {truncated && <p className={classes.cut}>The rest is in Raw.</p>}
    </div>
  )
}

const LABELS: Readonly<Record<ContentPart['kind'], string>> = {
  text: '',
  reasoning: 'Reasoning',
  'tool-call': 'Tool call',
  'tool-result': 'Result',
  'tool-definition': 'Definition',
  media: 'Media',
  json: 'JSON',
}

/** JSON is indented for reading; what is no JSON, or masked, stays as it is. */
export function readable(kind: ContentPart['kind'], text: string): string {
  if (kind === 'text' || kind === 'reasoning' || kind === 'media') return text
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? JSON.stringify(parsed, null, 2) : text
  } catch {
    return text
  }
}
