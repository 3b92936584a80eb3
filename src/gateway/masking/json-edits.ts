/** Changes to one JSON document: values replaced, elements and members taken out, everything else as it came. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { Mask } from '../../detect/finding.ts'

/** Bytes of the document. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export function edit(tape: JsonTape, node: NodeRef, text: string): Edit {
  return { start: tape.start(node), end: tape.end(node), text }
}

/** Takes elements and members out of `holder`, each with the comma that belongs to it. */
function removedFrom(tape: JsonTape, holder: NodeRef, gone: ReadonlySet<NodeRef>): readonly Edit[] {
  const entries = tape.children(holder)
  let isFirst = true
  return entries.flatMap((entry, index) => {
    if (!gone.has(entry)) {
      isFirst = false
      return []
    }
    const [before, after] = [entries[index - 1], entries[index + 1]]
    // Behind an entry that stays, the comma in front goes; at the beginning, the one behind.
    const start = isFirst || before === undefined ? tape.entryStart(entry) : tape.end(before)
    const end = isFirst && after !== undefined ? tape.entryStart(after) : tape.end(entry)
    return [{ start, end, text: '' }]
  })
}

/** Takes `nodes` out, wherever they stand. */
export function removals(tape: JsonTape, nodes: readonly NodeRef[]): readonly Edit[] {
  if (nodes.length === 0) return []
  const gone = new Set(nodes)
  const out: Edit[] = []
  const walk = (holder: NodeRef): void => {
    const entries = tape.children(holder)
    if (entries.some((entry) => gone.has(entry))) out.push(...removedFrom(tape, holder, gone))
    for (const entry of entries) if (!gone.has(entry)) walk(entry)
  }
  walk(tape.root)
  return out
}

/** Edits that lie inside what is taken out go with it. */
export function carriedOut(bytes: Buffer, edits: readonly Edit[]): string {
  let out = ''
  let from = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < from) continue
    out += bytes.toString('utf8', from, start) + text
    from = end
  }
  return out + bytes.toString('utf8', from)
}

export function maskedText(raw: string, masks: readonly Mask[]): string {
  let out = ''
  let from = 0
  for (const { start, end, text } of masks) {
    out += raw.slice(from, start) + text
    from = end
  }
  return out + raw.slice(from)
}
