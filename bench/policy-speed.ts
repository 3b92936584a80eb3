/** Measures what policies cost, live and tried on what was recorded; `--page` writes docs/reference/policy-speed.md. Half a minute. */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { backtestRates } from './backtest.ts'
import { policyCosts } from './policy-rules.ts'

const EXCHANGES = 40_000
/** For a look whether it still runs. */
const FEW = 4_000

const isSmoke = process.argv.includes('--smoke')
const costs = policyCosts(isSmoke ? 100 : 2_000)
const rates = await backtestRates(isSmoke ? FEW : EXCHANGES)

const rows = [
  ...costs.map(({ rules, micros }) => ({
    what: rules,
    measured: `${(micros / 1000).toFixed(2)} ms CPU an exchange`,
    aim: 'at most 1 ms',
  })),
  ...rates.map(({ findings, aSecond }) => ({
    what: `backtest of 4 rules, ${findings}`,
    measured: `${Math.round(aSecond).toLocaleString('en-US')} exchanges a second`,
    aim: 'at least 10,000',
  })),
]

for (const { what, measured, aim } of rows) console.log(`${what}: ${measured} (${aim})`)

if (process.argv.includes('--page')) {
  const lines = rows.map(({ what, measured, aim }) => `| ${what} | ${measured} | ${aim} |`)
  const page = `# Speed of policies

Written by \`bench/policy-speed.ts --page\` on a machine with ${availableParallelism()} cores.

| what | measured | aim |
|---|---|---|
${lines.join('\n')}

Live, the CPU of one evaluation is counted, for a prompt of 1.6 KB in which a card number and a keyword are found: what rules cost beside masking, which looks for
everything once. A backtest reads the index of an embedded database with ${EXCHANGES.toLocaleString('en-US')} exchanges, every fourth of which holds a finding, in the order they
came; rules that ask for keywords, groups or roles read the record of each exchange instead, and take as long as that.
`
  writeFileSync(new URL('../docs/reference/policy-speed.md', import.meta.url), page)
}
