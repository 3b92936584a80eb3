/** Puts the caller's own values back in place of tokens, in text that may come in pieces, without undoing any mask. */
import type { Mask } from '../../detect/finding.ts'
import type { Matcher, Step } from '../../detect/matcher.ts'
import { spanIndex } from '../../lib/span-index.ts'
import { escapedFor, JsonLevel } from './json-level.ts'
import { TOKEN_SHAPE } from './mask-keys.ts'
import { TextLevel } from './text-level.ts'

/** Entity names are short; what is longer is no token. */
const TOKEN_LENGTH_MAX = 96
/** A beginning of `TOKEN_SHAPE` that more text could complete. */
const TOKEN_BEGUN = /<(?:[A-Z][A-Z0-9_]*(?:_[0-9a-f]{0,16})?)?$/

/**
 * Offsets stay those of the channel's text. What the inner matcher has released is held while it may be the beginning
 * of a token. A value is escaped for the strings that its token lies in: always in `json`, and in a `text` that is JSON by itself.
 */
export function restoringMatcher(
  inner: Matcher,
  values: ReadonlyMap<string, string>,
  channel: 'text' | 'json',
): Matcher {
  const place: Restoring =
    channel === 'json'
      ? { values, level: new JsonLevel(), least: 1 }
      : { values, level: new TextLevel(), least: 0 }
  let received = ''
  /** Offset in the channel's text at which `received` begins. */
  let base = 0
  let waiting: Mask[] = []

  const step = (made: Step, final: boolean): Step => {
    waiting = [...waiting, ...made.masks]
    if (made.blocked) return { ...made, emit: '', masks: [] }
    const ready = received.slice(0, made.settled - base)
    const end = final ? made.settled : base + heldFrom(ready, base, waiting)
    const masks = tokensIn(ready.slice(0, end - base), base, waiting, place)
    let emit = ''
    let from = base
    for (const mask of masks) {
      emit += ready.slice(from - base, mask.start - base) + mask.text
      from = mask.end
    }
    emit += ready.slice(from - base, end - base)
    received = received.slice(end - base)
    base = end
    waiting = waiting.filter((mask) => mask.start >= end)
    return { ...made, emit, masks, settled: end }
  }
  return {
    push: (text) => {
      received += text
      return step(inner.push(text), false)
    },
    end: () => step(inner.end(), true),
  }
}

/** Where in `ready` a token may have begun; its length when none has. Nothing inside a mask is held. */
function heldFrom(ready: string, base: number, masks: readonly Mask[]): number {
  const tail = Math.max(0, ready.length - TOKEN_LENGTH_MAX)
  const begun = TOKEN_BEGUN.exec(ready.slice(tail))
  if (begun === null) return ready.length
  const at = tail + begun.index
  const over = masks.find((mask) => mask.end > base + at)
  return over === undefined ? at : ready.length
}

interface Restoring {
  readonly values: ReadonlyMap<string, string>
  readonly level: Pick<JsonLevel, 'level' | 'take'>
  /** In how many strings a token lies at least. */
  readonly least: number
}

function tokensIn(
  text: string,
  base: number,
  masks: readonly Mask[],
  { values, level, least }: Restoring,
): readonly Mask[] {
  const settled = masks.filter((mask) => mask.start < base + text.length)
  const masked = spanIndex(settled)
  const tokens: Mask[] = []
  let followed = 0
  for (const found of text.matchAll(TOKEN_SHAPE)) {
    const value = values.get(found[0])
    const start = base + found.index
    const end = start + found[0].length
    if (value === undefined || masked.touches({ start, end })) continue
    level.take(text.slice(followed, found.index))
    followed = found.index
    tokens.push({ start, end, text: escapedFor(value, Math.max(least, level.level)) })
  }
  level.take(text.slice(followed))
  return [...settled, ...tokens].toSorted((a, b) => a.start - b.start)
}
