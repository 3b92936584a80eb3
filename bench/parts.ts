/** What single parts of an exchange cost by themselves, against the budgets that they have of their own. */
import { leavesOfAnExchange } from './log.ts'
import { policyCosts } from './policy-rules.ts'
import { tokenCost } from './token-cost.ts'

export interface PartRow {
  readonly what: string
  readonly measured: number
  readonly budget: number
  readonly unit: string
}

/** `exchangeMicros`: CPU of one whole exchange in this run. */
export async function partRows(
  exchangeMicros: number,
  say: (line: string) => void,
): Promise<readonly PartRow[]> {
  const { cachedMicros } = await tokenCost()
  const { cpuUs } = await leavesOfAnExchange()
  const rows = [
    ...policyCosts().map(({ rules, micros }) => ({
      what: `policy, ${rules}`,
      measured: micros,
      budget: 1000,
      unit: 'us',
    })),
    { what: 'a JWT that was verified before', measured: cachedMicros, budget: 20, unit: 'us' },
    {
      what: `transparency log, share of CPU per exchange (two leaves: ${cpuUs.toFixed(1)} us)`,
      measured: (cpuUs / exchangeMicros) * 100,
      budget: 5,
      unit: '%',
    },
  ]
  for (const { what, measured, unit } of rows) say(`${what}: ${measured.toFixed(2)} ${unit}`)
  return rows
}
