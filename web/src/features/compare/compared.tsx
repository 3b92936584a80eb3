/** Two exchanges side by side: settings, context windows block by block, and what the answers do not share. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { contentQuery } from '../../api/content.ts'
import type { Content, ContentBlock, Mode } from '../../api/content.ts'
import type { ExchangeDetail } from '../../api/exchanges.ts'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { formatCount } from '../../ui/format.ts'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { BlockCard } from '../exchange/block-card.tsx'
import { ContentDenied } from '../exchange/content-denied.tsx'
import classes from './compare.module.css'
import { differences, textDifferences } from './diff.ts'
import type { Difference } from './diff.ts'
import { comparedSettings } from './settings.ts'

interface ComparedProps {
  readonly left: ExchangeDetail
  readonly right: ExchangeDetail
  readonly mode: Mode
}

const SAYS = { both: 'same', left: 'only left', right: 'only right' } as const

export function Compared({ left, right, mode }: ComparedProps) {
  const mayRead = left.mayReadContent && right.mayReadContent
  const first = useQuery({ ...contentQuery(left.exchange.id, mode), enabled: mayRead })
  const second = useQuery({ ...contentQuery(right.exchange.id, mode), enabled: mayRead })
  return (
    <>
      <Settings left={left} right={right} />
      {!mayRead && <ContentDenied />}
      {[first, second].map((one, at) =>
        one.isError ? (
          <ProblemNotice key={at} error={one.error} retry={() => void one.refetch()} />
        ) : null,
      )}
      {mayRead && (first.isPending || second.isPending) && (
        <Skeleton rows={8} label="Loading content" />
      )}
      {first.data !== undefined && second.data !== undefined && (
        <>
          <Blocks left={first.data} right={second.data} />
          <Answers left={first.data} right={second.data} mode={mode} />
        </>
      )}
    </>
  )
}

function Settings({
  left,
  right,
}: {
  readonly left: ExchangeDetail
  readonly right: ExchangeDetail
}) {
  const settings = comparedSettings(left, right)
  const [isWhole, setWhole] = useState(false)
  const different = settings.filter((one) => one.left !== one.right)
  const shown = isWhole ? settings : different
  return (
    <Panel
      title="Settings"
      note={`${different.length} of ${settings.length} differ`}
      aside={
        <button type="button" className={classes.toggle} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Only differences' : 'All settings'}
        </button>
      }
    >
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Settings compared">
        <table className={classes.settings}>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Left</th>
              <th scope="col">Right</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.name} data-differs={one.left !== one.right || undefined}>
                <th scope="row">{one.name}</th>
                <td>{one.left}</td>
                <td>{one.right}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

/** Blocks have the same id where they have the same bytes, whoever sent them. */
const blockKey = ({ id, role, parts }: ContentBlock): string =>
  id === '' ? JSON.stringify([role, parts]) : id

function Blocks({ left, right }: { readonly left: Content; readonly right: Content }) {
  const [isWhole, setWhole] = useState(false)
  const told = differences(left.request.blocks, right.request.blocks, blockKey)
  const count = (side: Difference<ContentBlock>['side']): string =>
    formatCount(told.filter((one) => one.side === side).length)
  const shown = isWhole ? told : told.filter(({ side }) => side !== 'both')
  return (
    <Panel
      title="Context windows"
      note={`${count('both')} blocks are the same, ${count('left')} only left, ${count('right')} only right`}
      aside={
        <button type="button" className={classes.toggle} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Only differences' : 'All blocks'}
        </button>
      }
    >
      <div className={classes.blocks}>
        {shown.length === 0 && <p className={classes.note}>Both were sent the same blocks.</p>}
        {shown.map(({ side, item }, at) => (
          <div key={at} className={classes.block} data-side={side}>
            <span className={classes.side}>{SAYS[side]}</span>
            <BlockCard block={item} />
          </div>
        ))}
      </div>
    </Panel>
  )
}

/** Longer answers are compared as far as this. */
const CHARS_MAX = 20_000

function answerText({ answer }: Content): string {
  const { assembled } = answer
  if (assembled === null) return ''
  const calls = assembled.toolCalls.map((call) => `${call.name}(${call.arguments})`)
  return [assembled.text, assembled.refusal, assembled.error ?? '', ...calls]
    .filter((text) => text !== '')
    .join('\n')
    .slice(0, CHARS_MAX)
}

function Answers({
  left,
  right,
  mode,
}: Record<'left' | 'right', Content> & { readonly mode: Mode }) {
  const told = textDifferences(answerText(left), answerText(right))
  return (
    <Panel
      title="Answers"
      note={mode === 'masked' ? 'masked: lengths and structure are compared' : 'word by word'}
    >
      <p className={classes.answer} dir="auto">
        {told.length === 0 && 'Neither has a text.'}
        {told.map(({ side, item }, at) =>
          side === 'both' ? (
            <span key={at}>{visibleText(item)}</span>
          ) : side === 'left' ? (
            <del key={at}>{visibleText(item)}</del>
          ) : (
            <ins key={at}>{visibleText(item)}</ins>
          ),
        )}
      </p>
    </Panel>
  )
}
