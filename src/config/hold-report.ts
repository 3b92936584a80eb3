/** Says what the rules in use hold back on a stream, for `custody config check`. */
import { holdCosts } from '../detect/hold-cost.ts'
import type { HoldCost } from '../detect/hold-cost.ts'
import type { MaskingPlan } from '../detect/masking-plan.ts'

/** An answer of a chat model: prose, a list, code, a table, addresses and numbers. */
const SAMPLE = `Sure, here is how the nightly export works. The job starts at 02:15, reads the orders of the day before and
writes one file per region. If a file is larger than 250 MB it is split; otherwise it is uploaded as it is.

1. Check that the bucket exists and that the role may write to it.
2. Set EXPORT_REGION=eu-central-1 and EXPORT_FORMAT=parquet in the environment of the job.
3. Run \`npm run export -- --date 2026-03-14 --dry-run\` and read the summary.

\`\`\`ts
export async function exportDay(day: string, regions: readonly string[]): Promise<number> {
  let rows = 0
  for (const region of regions) {
    const path = \`https://files.example.org/orders/\${region}/\${day}.parquet?v=3\`
    rows += await write(path, await read(region, day), { retries: 5, timeoutMs: 30_000 })
  }
  return rows
}
\`\`\`

| region | rows | seconds | checksum |
|---|---|---|---|
| eu-central-1 | 1,204,511 | 48.2 | 9f86d081 |
| us-east-1 | 3,920,004 | 131.7 | 2c26b46b |

"It worked", she wrote on 14/03/2026, "but the totals differ by 0.3 % from the ledger of customer 4711-AB". The ticket
is OPS-20931; ask for the runbook at extension 5523 if the second run fails with ECONNRESET at 10.0.12.7:5432.
`

const SHOWN_MAX = 12

export interface HoldReport {
  readonly route: string
  readonly rules: number
  /** Dearest first. */
  readonly dearest: readonly HoldCost[]
  /** Rules that hold nothing on the sample. */
  readonly free: number
}

export function holdReport(route: string, plan: MaskingPlan): HoldReport {
  const costs = holdCosts(plan.rules.ruleset.rules, SAMPLE)
  return {
    route,
    rules: costs.length,
    dearest: costs.filter(({ mean }) => mean > 0).slice(0, SHOWN_MAX),
    free: costs.filter(({ mean }) => mean === 0).length,
  }
}
