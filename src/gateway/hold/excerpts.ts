/** Cuts a few words around each finding out of the request, with every finding in them replaced by its kind. */
import type { AskedRule, Excerpt } from '../../model/approval.ts'
import type { FindingRecord } from '../../model/masking.ts'

const AROUND_BYTES = 40
const EXCERPTS_MAX = 8
/** In a body full of findings not all of them can be looked at for each excerpt. */
const FINDINGS_MAX = 2_000

/** New findings first: what was sent before is old news. */
export function excerptsOf(
  body: Buffer,
  findings: readonly FindingRecord[],
  asks: readonly AskedRule[],
): readonly Excerpt[] {
  const known = findings.slice(0, FINDINGS_MAX).toSorted((a, b) => a.start - b.start)
  const ruleOf = new Map<string, string>()
  const fresh = new Set<string>()
  for (const ask of asks) {
    for (const one of ask.findings) if (!ruleOf.has(one)) ruleOf.set(one, ask.title)
    for (const one of ask.newFindings) fresh.add(one)
  }
  const isFresh = (finding: FindingRecord): boolean => fresh.has(finding.fingerprint)
  const asked = known.filter(({ fingerprint }) => ruleOf.has(fingerprint))
  const firsts = [...asked.filter(isFresh), ...asked.filter((one) => !isFresh(one))]
  const seen = new Set<string>()
  const excerpts: Excerpt[] = []
  for (const finding of firsts) {
    if (excerpts.length === EXCERPTS_MAX) break
    if (seen.has(finding.fingerprint)) continue
    seen.add(finding.fingerprint)
    excerpts.push({
      entity: finding.entity,
      rule: ruleOf.get(finding.fingerprint) ?? '',
      fresh: isFresh(finding),
      text: excerptAround(body, finding, known),
    })
  }
  return excerpts
}

function excerptAround(
  body: Buffer,
  finding: FindingRecord,
  known: readonly FindingRecord[],
): string {
  const from = Math.max(0, finding.start - AROUND_BYTES)
  const to = Math.min(body.length, finding.end + AROUND_BYTES)
  let text = ''
  let at = from
  for (const one of known) {
    if (one.end <= at || one.start >= to) continue
    if (one.start > at) text += plainText(body.subarray(at, one.start))
    text += `[${one.entity}]`
    at = one.end
  }
  if (at < to) text += plainText(body.subarray(at, to))
  return stringAround(text, `[${finding.entity}]`)
}

/** The window is cut by bytes: half a character at its edge is no text. */
function plainText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\uFFFD', '')
}

/** Keeps what belongs to the JSON string that the finding lies in, without its escapes. */
function stringAround(text: string, mark: string): string {
  const middle = text.indexOf(mark)
  const before = text.slice(0, middle)
  const after = text.slice(middle + mark.length)
  const opening = before.search(/(?<!\\)(?:\\\\)*"[^"]*$/)
  const closing = after.search(/(?<!\\)(?:\\\\)*"/)
  const inner = [
    opening === -1 ? before : before.slice(before.indexOf('"', opening) + 1),
    mark,
    closing === -1 ? after : after.slice(0, closing),
  ].join('')
  return inner
    .replaceAll(/\\u[0-9a-fA-F]{4}|\\[nrtbf]/g, ' ')
    .replaceAll(/\\(["\\/])/g, '$1')
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
}
