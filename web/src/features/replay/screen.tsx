/** What of the answer has arrived, channel by channel; follows the end while it grows. */
import { useEffect, useRef } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { RecordedText } from '../../ui/recorded-text.tsx'
import type { Channel } from './timeline.ts'
import classes from './screen.module.css'

interface ScreenProps {
  readonly channels: readonly Channel[]
  readonly isPlaying: boolean
  readonly isAtEnd: boolean
}

const TITLES: Readonly<Record<Channel['channel'], string>> = {
  text: 'Text',
  reasoning: 'Reasoning',
  refusal: 'Refusal',
  'tool-call': 'Tool call',
  error: 'Error',
}

export function Screen({ channels, isPlaying, isAtEnd }: ScreenProps) {
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isPlaying) frame.current?.scrollTo({ top: frame.current.scrollHeight })
  }, [channels, isPlaying])
  return (
    <div
      ref={frame}
      className={classes.screen}
      tabIndex={0}
      role="region"
      aria-label="Answer so far"
    >
      {channels.length === 0 && (
        <p className={classes.waiting}>
          {isAtEnd ? 'Nothing readable arrived.' : 'Nothing has arrived yet.'}
        </p>
      )}
      {channels.map((channel) => (
        <section key={channel.key} className={classes.channel} data-channel={channel.channel}>
          {channel.channel !== 'text' && (
            <h2>
              {TITLES[channel.channel]}{' '}
              {channel.name !== '' && <code>{visibleLine(channel.name, 100)}</code>}
            </h2>
          )}
          <RecordedText text={channel.text} />
        </section>
      ))}
    </div>
  )
}
