/** `custody policy backtest`: runs a policy over recorded exchanges and says what would have changed. */
import { join } from 'node:path'
import { createRecordedLook } from '../../app/recorded-facts.ts'
import { openMaskingKey } from '../../evidence/keyring.ts'
import { backtest, depthFor } from '../../incident/backtest.ts'
import type { BacktestReport, BacktestSources } from '../../incident/backtest.ts'
import { systemClock } from '../../lib/clock.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import { exchangeIdFloor } from '../../lib/ids.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { sightPlan } from '../../policy/sight-plan.ts'
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import { openConfiguredStore, openDataFolder } from '../data-folder.ts'
import { recordReading } from '../record-reading.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { readDuration } from '../read-duration.ts'
import { policyFor, policyIn, readOrSay } from './read.ts'
import type { PolicyOptions } from './read.ts'

export interface BacktestOptions extends PolicyOptions {
  readonly policy?: string
  readonly since: string
  readonly deep?: boolean
}

const PAGE = 2000
const PROGRESS_EVERY = 20_000

export async function backtestPolicy(options: BacktestOptions): Promise<void> {
  const since = readDuration(options.since)
  if (since.kind !== 'duration')
    return failWith(EXIT.usage, '--since takes a number with s, m, h, d or w')
  const named = readOrSay(
    options.policy === undefined ? policyFor(undefined, options) : policyIn(options.policy),
  )
  if (named === null) return
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  await using store = await openConfiguredStore(config)
  const { policy } = named.loaded
  const depth = options.deep === true ? 'text' : depthFor(policy)
  const plan = depth === 'text' ? sightPlan(null, policy) : null
  const master = await openMaskingKey(join(data.folder, 'keys'), data.keyProvider)
  await using look = createRecordedLook(plan?.kind === 'plan' ? plan.plan : null, master)
  const read = { operation: 'policy backtest', details: { policy: policy.hash, depth } }
  if (depth === 'text' && !(await recordReading(data, read))) return
  const startedAt = performance.now()
  const sources: BacktestSources = {
    rows: oldestFirst(store.search, systemClock.nowMs() - since.ms),
    findingsOf: (ids) => store.search.findingsOf(ids),
    recorded: async (row) => {
      try {
        return await look.facts(await data.reader.readRow(row))
      } catch {
        // Erased or damaged: the report counts it.
        return null
      }
    },
    progress: (done) => {
      if (done % PROGRESS_EVERY === 0) say(`${done} exchanges …`)
    },
  }
  const report = await backtest(policy, sources, depth)
  const seconds = (performance.now() - startedAt) / 1000
  if (options.json === true) printJson({ policy: policy.hash, since: options.since, ...report })
  else for (const line of linesOf(report, seconds)) print(visibleLine(line, 500))
}

async function* oldestFirst(
  search: ExchangeSearch,
  sinceMs: number,
): AsyncGenerator<readonly ExchangeRow[]> {
  let after: ExchangeId | string = exchangeIdFloor(sinceMs)
  for (;;) {
    const page = await search.listForward(after, PAGE)
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (page.length < PAGE || last === undefined) return
    after = last.id
  }
}

const DEPTH = {
  index: 'findings as recorded',
  record: 'records read',
  text: 'text looked into again',
} as const

function linesOf(report: BacktestReport, seconds: number): readonly string[] {
  const { exchanges, depth, unreadable } = report
  const speed = Math.round(exchanges / Math.max(seconds, 0.001))
  return [
    `${exchanges} exchanges, ${DEPTH[depth]}, ${speed} a second, every rule as if enforced`,
    ...(depth === 'text'
      ? []
      : ['what was recorded while nobody looked for anything has no findings; --deep looks again']),
    ...(unreadable === 0 ? [] : [`${unreadable} of them could not be read`]),
    '',
    `newly denied   ${report.newlyDenied}`,
    `newly held     ${report.newlyHeld}   (${report.cards} cards for approvers, ${report.cardsADay.toFixed(1)} a day)`,
    `newly masked   ${report.newlyMasked}`,
    `newly allowed  ${report.newlyAllowed}`,
    '',
    'by rule',
    ...report.rules.map(
      ({ rule, verdict, hits, samples }) =>
        `  ${rule} (${verdict}): ${hits}${samples.length === 0 ? '' : `   e.g. ${samples.join(' ')}`}`,
    ),
    ...section('by service', report.byService),
    ...section('by day', report.byDay),
  ]
}

function section(title: string, counts: Readonly<Record<string, number>>): readonly string[] {
  const entries = Object.entries(counts)
  if (entries.length === 0) return []
  return ['', title, ...entries.slice(0, 50).map(([name, value]) => `  ${name}: ${value}`)]
}
