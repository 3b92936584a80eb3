/** Says in words what a verification found. */
import { problemWords } from '../evidence/verify/report-json.ts'
import type {
  FolderReport,
  VerifyProblem,
  VerifyProgress,
} from '../evidence/verify/verify-folder.ts'
import { visibleLine } from '../lib/visible-text.ts'
import { bytesText, durationText } from './output.ts'

/** Problems printed; all stand in the JSON report up to its own bound. */
export const PROBLEMS_SHOWN = 50

const count = (value: number): string => value.toLocaleString('en-US')

export function reportLines(report: FolderReport, tookMs: number): string[] {
  const { checkpoint, records, segmentBytes } = report
  const seconds = Math.max(tookMs, 1) / 1000
  const rate = `${bytesText(segmentBytes / seconds)}/s`
  const trusted =
    report.trust === 'policy'
      ? 'by the policy given'
      : 'by the key in the folder itself; --policy names whom to trust instead'
  const leaves = checkpoint === null ? 'no checkpoint that can be trusted' : count(checkpoint.size)
  const age = report.ageS === null ? '' : `, the last ${durationText(report.ageS * 1000)} ago`
  const lines = [
    `log               ${checkpoint?.origin ?? 'none'}`,
    ...(report.resumedAt === 0
      ? []
      : [
          `resumed           at leaf ${count(report.resumedAt)}; what is before was verified earlier`,
        ]),
    `trusted           ${trusted}`,
    `leaves            ${leaves}${age}`,
    `verified          ${count(records.verified)} records`,
    `erased            ${count(records.erased)} as recorded`,
    `missing           ${count(records.missing)}`,
    `altered           ${count(records.altered)}`,
    `without an end    ${count(report.unclosed)} exchanges`,
    `not yet logged    ${count(report.unlogged)} frames`,
    `gaps recorded     ${count(report.gaps)}`,
    `witnesses         ${witnessText(report)}`,
    ...strangerLines(report),
    `read              ${bytesText(segmentBytes)} in ${durationText(tookMs)} (${rate})`,
  ]
  return lines
}

const STRANGERS_SHOWN = 5

/** Only when there are any. */
function strangerLines({ strangers }: FolderReport): readonly string[] {
  if (strangers.length === 0) return []
  const named = strangers
    .slice(0, STRANGERS_SHOWN)
    .map((path) => visibleLine(path))
    .join(', ')
  const more = strangers.length > STRANGERS_SHOWN ? ', …' : ''
  return [`none of it        ${count(strangers.length)} files or ends of files: ${named}${more}`]
}

function witnessText({ witnesses, witnessedSize }: FolderReport): string {
  if (witnessedSize === null) return 'none'
  const names = witnesses.map(({ name }) => name).join(', ')
  return `${names === '' ? 'signatures not looked at' : names}, up to leaf ${count(witnessedSize)}`
}

export const problemText = (problem: VerifyProblem): string => visibleLine(problemWords(problem))

export function progressLine({ leaves, of, bytes }: VerifyProgress): string {
  const part = of === 0 ? 1 : leaves / of
  const done = Math.round(part * 30)
  const bar = `${'#'.repeat(done)}${'.'.repeat(30 - done)}`
  return `[${bar}] ${Math.floor(part * 100)} %  ${count(leaves)} of ${count(of)} leaves  ${bytesText(bytes)}`
}
