/** A report as data: sections of facts, paragraphs and tables, which every rendering shows in the same order. */

export interface ReportTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface ReportSection {
  readonly title: string
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly paragraphs: readonly string[]
  readonly table: ReportTable | null
}

export interface ReportDocument {
  readonly title: string
  /** Stands on every page: how far it may be told. */
  readonly marking: string
  readonly subtitle: string
  /** One page for those who decide. */
  readonly summary: readonly ReportSection[]
  /** For those who check. */
  readonly annex: readonly ReportSection[]
}

export function section(title: string, content: Partial<ReportSection> = {}): ReportSection {
  return { title, facts: [], paragraphs: [], table: null, ...content }
}
