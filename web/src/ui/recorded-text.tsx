/** Text that came from callers or providers: shown as text only, with what would hide or reorder it made visible. */
import { memo } from 'react'
import { visibleText } from '../../../src/lib/visible-text.ts'
import classes from './recorded-text.module.css'

const ESCAPED = /(\\u\{[0-9a-f]{1,6}\})/u
/** What masked content holds in place of letters and digits. */
const MASKED = /(█+)/u
/** Beyond this one looks into the raw bytes; it keeps one huge block from stalling the page. */
const SHOWN_MAX = 200_000

interface RecordedTextProps {
  readonly text: string
  readonly inline?: boolean
}

export const RecordedText = memo(function RecordedText({
  text,
  inline = false,
}: RecordedTextProps) {
  const shown = visibleText(text.length > SHOWN_MAX ? text.slice(0, SHOWN_MAX) : text)
  // A text that really holds `\u{…}` would look the same; it is told apart by not being marked.
  const pieces = shown === text ? [shown] : shown.split(ESCAPED)
  const Tag = inline ? 'span' : 'div'
  return (
    <Tag className={inline ? classes.inline : classes.block} dir="ltr">
      {pieces.map((piece, at) =>
        at % 2 === 1 ? (
          <mark
            key={at}
            className={classes.control}
            title="A character that is not shown as itself"
          >
            {piece}
          </mark>
        ) : (
          <Masked key={at} text={piece} />
        ),
      )}
      {text.length > SHOWN_MAX && <em> … the rest is in the raw bytes</em>}
    </Tag>
  )
})

function Masked({ text }: { readonly text: string }) {
  if (!text.includes('█')) return text
  return text.split(MASKED).map((piece, at) =>
    at % 2 === 1 ? (
      <span key={at} className={classes.masked}>
        {piece}
      </span>
    ) : (
      piece
    ),
  )
}
