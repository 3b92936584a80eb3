/** The box a leaked text is pasted into. What is in it stays in it: no address, no storage, no history. */
import { Button } from '@mantine/core'
import { IconRadar2 } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import type { RefObject } from 'react'
import { formatCount } from '../../ui/format.ts'
import classes from './trace.module.css'

interface TraceQuestionProps {
  readonly isAsking: boolean
  /** Then it makes room. */
  readonly isAnswered: boolean
  readonly input: RefObject<HTMLTextAreaElement | null>
  readonly onAsk: (text: string) => void
}

/** The API takes no more. */
const CHARS_MAX = 50_000

export function TraceQuestion({ isAsking, isAnswered, input, onAsk }: TraceQuestionProps) {
  const [text, setText] = useState('')
  const form = useRef<HTMLFormElement>(null)
  const isTooLong = text.length > CHARS_MAX
  return (
    <form
      ref={form}
      className={classes.question}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '' && !isTooLong) onAsk(text)
      }}
    >
      <label htmlFor="trace-text">Leaked text, key or address</label>
      <textarea
        id="trace-text"
        ref={input}
        value={text}
        rows={isAnswered ? 2 : 6}
        spellCheck={false}
        autoComplete="off"
        placeholder="Paste it as you got it: quotes, line numbers, JSON, base64, hex and URL encoding do not matter."
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
            form.current?.requestSubmit()
        }}
      />
      <div className={classes.questionFoot}>
        <p>
          {isTooLong
            ? `${formatCount(text.length)} characters; a part of up to ${formatCount(CHARS_MAX)} is enough.`
            : 'The text is stored nowhere; the audit trail keeps a keyed digest of it.'}
        </p>
        <Button
          type="submit"
          loading={isAsking}
          disabled={text.trim() === '' || isTooLong}
          leftSection={<IconRadar2 size={16} />}
        >
          Who saw it
        </Button>
      </div>
    </form>
  )
}
