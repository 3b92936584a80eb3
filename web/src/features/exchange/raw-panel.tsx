/** The exchange as it was on the wire: heads, and bodies as text, as bytes, or as stream events. */
import { Button, Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { rawQuery } from '../../api/content.ts'
import type { Content, Mode, Part, Side } from '../../api/content.ts'
import { Choice } from '../../ui/choice.tsx'
import { formatCount } from '../../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { bytesToText, decodeBase64 } from './bytes.ts'
import { EventList } from './event-list.tsx'
import { HeadTable } from './head-table.tsx'
import { HexView } from './hex-view.tsx'
import classes from './raw-panel.module.css'

export type RawView = 'text' | 'hex' | 'events'

interface RawPanelProps {
  readonly content: Content
  readonly mode: Mode
  readonly part: Part
  readonly view: RawView
  readonly side: Side
  readonly onChange: (change: { part?: Part; view?: RawView }) => void
}

const PAGE_BYTES = 65_536

export function RawPanel({ content, mode, part, view, side, onChange }: RawPanelProps) {
  const { request, answer } = content
  const head =
    part === 'request' ? (side === 'sent' ? request.sent : request.received) : answer.head
  return (
    <div className={classes.raw}>
      <div className={classes.bar}>
        <Choice
          label="Part"
          value={part}
          options={[
            ['request', 'Request'],
            ['answer', 'Answer'],
          ]}
          onChange={(next) => onChange({ part: next })}
        />
      </div>
      <Panel title="Head" note={part === 'request' ? 'credentials are never recorded' : undefined}>
        {head === null ? (
          <Notice
            kind="empty"
            title={part === 'request' ? 'Nothing was sent upstream' : 'No answer was given'}
          />
        ) : (
          <HeadTable head={head} />
        )}
      </Panel>
      <Body
        key={`${part} ${mode} ${side}`}
        content={content}
        mode={mode}
        part={part}
        view={view}
        side={side}
        onChange={onChange}
      />
    </div>
  )
}

function Body({ content, mode, part, view, side, onChange }: RawPanelProps) {
  const [offset, setOffset] = useState(0)
  const [decoded, setDecoded] = useState(false)
  const raw = useQuery(rawQuery(content.id, part, { mode, side, offset, decoded }))
  const bytes = raw.data === undefined ? new Uint8Array() : decodeBase64(raw.data.base64)
  const total = raw.data?.total ?? 0
  const views: readonly (readonly [RawView, string])[] = [
    ['text', 'Text'],
    ['hex', 'Hex'],
    ...(part === 'answer' ? ([['events', 'Events']] as const) : []),
  ]
  const shownView = views.some(([name]) => name === view) ? view : 'text'
  return (
    <Panel
      title="Body"
      note={raw.data === undefined ? undefined : rangeText(offset, bytes.length, total)}
      aside={
        <>
          <Checkbox
            size="xs"
            label="Content-Encoding undone"
            checked={decoded}
            onChange={(event) => {
              setOffset(0)
              setDecoded(event.currentTarget.checked)
            }}
          />
          <Choice
            label="View"
            value={shownView}
            options={views}
            onChange={(next) => onChange({ view: next })}
          />
        </>
      }
    >
      {raw.isPending && <Skeleton rows={8} label="Loading bytes" />}
      {raw.isError && <ProblemNotice error={raw.error} retry={() => void raw.refetch()} />}
      {raw.isSuccess && total === 0 && <Notice kind="empty" title="It had no body" />}
      {raw.isSuccess && total > 0 && shownView === 'text' && (
        <div className={classes.text} tabIndex={0} role="region" aria-label="Body as text">
          <RecordedText text={bytesToText(bytes)} />
        </div>
      )}
      {raw.isSuccess && total > 0 && shownView === 'hex' && (
        <HexView bytes={bytes} offset={offset} />
      )}
      {raw.isSuccess && total > 0 && shownView === 'events' && (
        <EventList id={content.id} mode={mode} side={side} bytes={bytes} offset={offset} />
      )}
      {total > PAGE_BYTES && (
        <div className={classes.pager}>
          <Button
            size="compact-sm"
            variant="default"
            disabled={offset === 0}
            onClick={() => setOffset(Math.max(0, offset - PAGE_BYTES))}
          >
            Earlier bytes
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={offset + PAGE_BYTES >= total}
            onClick={() => setOffset(offset + PAGE_BYTES)}
          >
            Later bytes
          </Button>
        </div>
      )}
    </Panel>
  )
}

function rangeText(offset: number, length: number, total: number): string {
  if (length === total) return `${formatCount(total)} bytes`
  return `bytes ${formatCount(offset)} to ${formatCount(offset + length)} of ${formatCount(total)}`
}
