/** The report of a verification as JSON has it; `docs/reference/verify.md` is its text. */
import type { FolderReport, VerifyProblem } from './verify-folder.ts'

export interface ReportJson extends Omit<FolderReport, 'checkpoint' | 'leaves'> {
  readonly version: 1
  readonly checkpoint: {
    readonly origin: string
    readonly size: number
    readonly root: string
  } | null
  readonly leaves: Readonly<Record<string, number>>
  readonly tookMs: number
}

export function reportJson(report: FolderReport, tookMs: number): ReportJson {
  const { checkpoint, leaves, ...rest } = report
  return {
    version: 1,
    ...rest,
    checkpoint:
      checkpoint === null
        ? null
        : {
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: checkpoint.root.toString('base64'),
          },
    leaves: Object.fromEntries(leaves),
    tookMs: Math.round(tookMs),
  }
}

/** `frame-altered: record ex_…, index 12, reason its digest is another`. */
export function problemWords({ kind, ...rest }: VerifyProblem): string {
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`)
  return facts.length === 0 ? kind : `${kind}: ${facts.join(', ')}`
}
