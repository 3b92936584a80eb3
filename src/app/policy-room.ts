/** Holds the policy in force: from the file that custody.yaml names, else the newest version of the console. */
import type { RuleAuthors } from '../approvals/deciding.ts'
import type { Config } from '../config/config.ts'
import { readPolicy } from '../config/policy/read-policy.ts'
import type { LoadedPolicy } from '../config/policy/read-policy.ts'
import { entitiesOf } from '../config/policy/resolve-policy.ts'
import { withRule } from '../config/policy/with-rule.ts'
import { starterPolicyText } from '../config/policy/starter.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import { backtest, depthFor } from '../incident/backtest.ts'
import type { BacktestSources } from '../incident/backtest.ts'
import type { PolicyCheck, PolicyDesk, PolicyRemark } from '../incident/policy-desk.ts'
import type { Clock } from '../lib/clock.ts'
import { exchangeIdFloor } from '../lib/ids.ts'
import type { ExchangeId } from '../lib/ids.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { PolicyVersionRow } from '../model/policy-version.ts'
import { lintPolicy } from '../policy/lint.ts'
import type { Policy } from '../policy/policy.ts'
import { runTests } from '../policy/run-tests.ts'
import { sightPlan } from '../policy/sight-plan.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createRecordedLook } from './recorded-facts.ts'
import { explained, policyThen } from './explained.ts'
import { createRuleAuthors } from './rule-authors.ts'

export interface PolicyRoom extends Disposable {
  readonly desk: PolicyDesk
  readonly policy: () => Policy | null
  /** Takes the file of a new configuration, or goes back to the console's versions. */
  readonly configured: (config: Config) => void
  /** For readiness: `ok`, or why a newer policy is not in force. */
  readonly check: () => string
  /** Who wrote the rules of the version of this hash. */
  readonly authorsOf: (hash: string) => Promise<RuleAuthors>
}

export interface PolicyRoomParts {
  readonly config: Config
  readonly store: Store
  readonly evidence: Evidence
  readonly clock: Clock
  readonly log: Logger
  readonly master: Buffer
  /** Called when another policy is in force. */
  readonly changed: () => void
}

interface Held {
  readonly loaded: LoadedPolicy
  readonly row: PolicyVersionRow | null
}

const POLL_MS = 2_000
const PAGE = 1000
/** A preview, not a study: beyond it the command line is the tool. */
const BACKTEST_TEXTS_MAX = 2_000
const BACKTEST_ROWS_MAX = 200_000

/** Throws when the newest version of the console cannot be read: nothing passes unjudged because of a fault. */
export async function openPolicyRoom(parts: PolicyRoomParts): Promise<PolicyRoom> {
  const { store, clock, log } = parts
  const versions = store.control.policyVersions
  let { config } = parts
  let held: Held | null = null
  let refused = ''

  const read = (text: string, source: string) => {
    const plans = Object.values(config.masking)
    const reading = readPolicy(text, source, entitiesOf(plans))
    if (reading.kind === 'problems') return reading
    const { policy, webhook } = reading.loaded
    const problems = [null, ...plans].flatMap((plan) => {
      const joined = sightPlan(plan, policy)
      return joined.kind === 'plan' ? [] : joined.problems.map(({ problem }) => problem)
    })
    if (webhook !== null) problems.push('a policy of the console cannot name a webhook')
    if (problems.length === 0) return reading
    return {
      kind: 'problems' as const,
      problems: problems.map((message) => ({
        path: '',
        source,
        line: 1,
        column: 1,
        message,
        found: '',
        allowed: '',
        hint: '',
      })),
    }
  }
  const take = (row: PolicyVersionRow): boolean => {
    const reading = read(row.text, `version ${row.version}`)
    if (reading.kind === 'problems') {
      refused = `version ${row.version} is refused; the policy before it is in force`
      for (const { message, line } of reading.problems)
        log.error({ version: row.version, problem: message, line }, 'policy refused')
      note('policy.refused', row)
      return false
    }
    held = { loaded: reading.loaded, row }
    refused = ''
    log.info({ version: row.version, hash: row.hash }, 'policy in force')
    return true
  }
  const note = (type: 'policy.changed' | 'policy.refused', row: PolicyVersionRow): void => {
    const { version, hash, author } = row
    parts.evidence.recorder
      .note({ type, atMs: clock.nowMs(), actor: author, details: { version, hash } })
      .catch((error: unknown) => log.error({}, 'policy change not recorded', error))
  }
  const latest = async (): Promise<void> => {
    const row = await versions.latest()
    if (row === null || config.policy !== null || row.version === held?.row?.version) return
    if (row.version === seen) return
    seen = row.version
    if (take(row)) parts.changed()
  }
  /** A refused version is told once. */
  let seen = 0
  const first = config.policy === null ? await versions.latest() : null
  if (first !== null) {
    seen = first.version
    if (!take(first)) throw new Error(`version ${first.version} of the policy cannot be read`)
  }
  const poll = (): void => {
    latest().catch((error: unknown) => log.warn({}, 'policy versions not read', error))
  }
  const timer = setInterval(poll, POLL_MS)
  timer.unref()

  const keepFile = (): void => {
    if (config.policy === null) return
    const { file, loaded } = config.policy
    const row = { hash: loaded.policy.hash, text: loaded.text, file, keptAtMs: clock.nowMs() }
    versions.keepFile(row).catch((error: unknown) => log.warn({}, 'policy text not kept', error))
  }
  keepFile()

  const sourceOf = ({ row }: Held): string =>
    row === null ? (config.policy?.file ?? '') : `version ${row.version}`
  const inForce = (): Held | null =>
    config.policy === null ? held : { loaded: config.policy.loaded, row: null }
  const check = (text: string): PolicyCheck => {
    const reading = read(text, 'the policy')
    if (reading.kind === 'problems') {
      const remarks = reading.problems.map(
        ({ line, column, message, allowed, hint, found }): PolicyRemark => ({
          kind: 'problem',
          line: line ?? 1,
          column: column ?? 1,
          message: found === '' ? message : `${message} (found ${found})`,
          hint: [allowed === '' ? '' : `Allowed: ${allowed}.`, hint]
            .filter((one) => one !== '')
            .join(' '),
        }),
      )
      return { policy: null, hash: '', remarks, tests: [] }
    }
    const { policy, tests, lines } = reading.loaded
    const remarks = lintPolicy(policy, tests).map(({ rule, message }): PolicyRemark => ({
      kind: 'warning',
      line: lines.get(rule) ?? 1,
      column: 1,
      message: `${rule}: ${message}`,
      hint: '',
    }))
    return { policy, hash: policy.hash, remarks, tests: runTests(policy, tests) }
  }
  const desk: PolicyDesk = {
    inForce: () => {
      const now = inForce()
      return {
        source: config.policy !== null ? 'file' : now === null ? 'none' : 'console',
        file: config.policy?.file ?? '',
        version: now?.row?.version ?? 0,
        text: now?.loaded.text ?? '',
        policy: now?.loaded.policy ?? null,
        refused,
      }
    },
    starter: starterPolicyText,
    withRule,
    check,
    backtest: (text, sinceMs) => preview(parts, check(text).policy, sinceMs),
    explain: async (id) => {
      const recorded = await readable(parts.evidence, id)
      if (recorded === 'unreadable') return { kind: 'unreadable' }
      if (recorded === null) return { kind: 'not-found' }
      const now = inForce()
      const shelf = {
        versions,
        inForce: now === null ? null : { source: sourceOf(now), policy: now.loaded.policy },
        entities: entitiesOf(Object.values(config.masking)),
      }
      const named = await policyThen(shelf, recorded.facts.decision?.policy ?? null)
      if (named === null) return { kind: 'no-policy' }
      const answer = await explained(recorded, named, parts.master)
      return answer === null ? { kind: 'unreadable' } : { kind: 'explained', explained: answer }
    },
    publish: async ({ text, note: why, basedOn, author }) => {
      if (config.policy !== null) return { kind: 'file' }
      const checked = check(text)
      if (checked.policy === null) return { kind: 'invalid', remarks: checked.remarks }
      const row: PolicyVersionRow = {
        version: basedOn + 1,
        hash: checked.hash,
        text,
        author: author.id,
        authorName: author.name,
        note: why,
        createdAtMs: clock.nowMs(),
      }
      const newest = await versions.latest()
      if ((newest?.version ?? 0) !== basedOn || !(await versions.insert(row)))
        return { kind: 'stale' }
      seen = row.version
      take(row)
      note('policy.changed', row)
      parts.changed()
      return { kind: 'published', version: row }
    },
  }
  return {
    desk,
    policy: () => inForce()?.loaded.policy ?? null,
    configured: (next) => {
      config = next
      keepFile()
      if (config.policy !== null) refused = ''
      else poll()
    },
    check: () => refused || 'ok',
    authorsOf: createRuleAuthors(versions),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** Erased, or its segment is damaged. */
async function readable({ reader }: Evidence, id: ExchangeId) {
  try {
    return await reader.readExchange(id)
  } catch {
    return 'unreadable' as const
  }
}

async function preview(
  { store, evidence, master }: PolicyRoomParts,
  policy: Policy | null,
  sinceMs: number,
) {
  if (policy === null) return null
  const plan = sightPlan(null, policy)
  await using look = createRecordedLook(plan.kind === 'plan' ? plan.plan : null, master)
  const few: ExchangeRow[] = []
  for await (const page of oldestFirst(store, sinceMs, BACKTEST_TEXTS_MAX + 1)) few.push(...page)
  const isFew = few.length <= BACKTEST_TEXTS_MAX
  // Texts are looked into where there are few; findings as they were recorded where there are many.
  const depth = isFew ? 'text' : depthFor(policy)
  const max = depth === 'index' ? BACKTEST_ROWS_MAX : BACKTEST_TEXTS_MAX
  const sources: BacktestSources = {
    rows: oldestFirst(store, sinceMs, max),
    findingsOf: (ids) => store.search.findingsOf(ids),
    recorded: async (row) => {
      try {
        return await look.facts(await evidence.reader.readRow(row))
      } catch {
        // Erased or damaged: the report counts it.
        return null
      }
    },
    progress: () => undefined,
  }
  return backtest(policy, sources, depth)
}

async function* oldestFirst(
  { search }: Store,
  sinceMs: number,
  max: number,
): AsyncGenerator<readonly ExchangeRow[]> {
  let after = exchangeIdFloor(sinceMs)
  for (let read = 0; read < max;) {
    const page = await search.listForward(after, Math.min(PAGE, max - read))
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (page.length < PAGE || last === undefined) return
    after = last.id
    read += page.length
  }
}
