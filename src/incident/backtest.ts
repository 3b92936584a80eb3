/** Puts recorded exchanges before another policy: what would have fired, and what would have become of them. */
import type { ExchangeId } from '../lib/ids.ts'
import type { Decision, Verdict } from '../model/decision.ts'
import { VERDICTS } from '../model/decision.ts'
import type { FindingRow } from '../model/masking.ts'
import type { ExchangeRow } from '../model/record.ts'
import { evaluate } from '../policy/evaluate.ts'
import { sizeFacts } from '../policy/facts.ts'
import type { PolicyFacts, SeenFinding } from '../policy/facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { Criteria } from '../policy/rule.ts'

/** What has to be read of each exchange. */
export type BacktestDepth =
  /** The index: findings as they were recorded. */
  | 'index'
  /** The opening record, too. */
  | 'record'
  /** The text itself, looked into again. */
  | 'text'

export interface RuleCount {
  readonly rule: string
  readonly title: string
  readonly verdict: Verdict
  readonly hits: number
  /** A few exchanges, newest first. */
  readonly samples: readonly ExchangeId[]
}

export interface BacktestReport {
  readonly depth: BacktestDepth
  readonly exchanges: number
  /** Exchanges whose record could not be read. */
  readonly unreadable: number
  readonly rules: readonly RuleCount[]
  readonly byService: Readonly<Record<string, number>>
  /** By day, UTC. */
  readonly byDay: Readonly<Record<string, number>>
  readonly newlyDenied: number
  readonly newlyHeld: number
  readonly newlyMasked: number
  /** Would have been stopped or masked, and were; and would pass now. */
  readonly newlyAllowed: number
  /** Held requests that nobody was asked about before: one card each. */
  readonly cards: number
  readonly cardsADay: number
}

export interface BacktestSources {
  /** Oldest first. */
  readonly rows: AsyncIterable<readonly ExchangeRow[]>
  readonly findingsOf: (exchanges: readonly ExchangeId[]) => Promise<readonly FindingRow[]>
  /** Null where the record cannot be read. Asked only beyond `index`. */
  readonly recorded: (row: ExchangeRow) => Promise<PolicyFacts | null>
  readonly progress: (done: number) => void
}

const SAMPLES_MAX = 5
const DAY_MS = 86_400_000

/** Groups, claims and roles of blocks are in the record alone; keywords and patterns are looked for in the text. */
export function depthFor(policy: Policy): BacktestDepth {
  const { watch, compiled } = policy
  if (watch.terms.length > 0 || watch.patterns.length > 0) return 'text'
  const needsRecord = compiled.some(
    ({ rule }) =>
      (rule.on.includes('tool_result') && !rule.on.includes('request')) ||
      [rule.criteria, ...rule.unless].some(asksRecord),
  )
  return needsRecord ? 'record' : 'index'
}

function asksRecord({ groups, size, when }: Criteria): boolean {
  return (
    groups.length > 0 ||
    (size !== null && (size.newBytes !== null || size.newTokens !== null)) ||
    (when !== null &&
      /caller\.(?:groups|claims|method)|request\.(?:new|blocks|toolResults)/.test(when.source))
  )
}

/**
 * `policy` is evaluated as if all its rules that are not off were enforced. What was recorded while nobody looked for
 * anything has no findings: only the depth `text` finds what is in it.
 */
type Judged = Pick<Decision, 'verdict' | 'hits'>

export async function backtest(
  policy: Policy,
  sources: BacktestSources,
  depth: BacktestDepth = depthFor(policy),
): Promise<BacktestReport> {
  const tally = new Tally(policy.enforced(({ stage }) => stage.kind !== 'off'))
  let done = 0
  for await (const { rows, findings } of ahead(pagesOf(sources, depth))) {
    for (const row of rows) {
      if (row.surface === '') continue
      const facts =
        depth === 'index'
          ? factsOfRow(row, findings.get(row.id) ?? [])
          : await sources.recorded(row)
      tally.add(row, facts)
    }
    done += rows.length
    sources.progress(done)
  }
  return { depth, ...tally.report() }
}

interface Page {
  readonly rows: readonly ExchangeRow[]
  readonly findings: ReadonlyMap<string, readonly FindingRow[]>
}

const NO_FINDINGS: Page['findings'] = new Map()

async function* pagesOf(sources: BacktestSources, depth: BacktestDepth): AsyncGenerator<Page> {
  for await (const rows of sources.rows) {
    const asked = rows.filter(({ surface }) => surface !== '')
    // Other depths take them from the record or from the text.
    const findings = depth === 'index' ? await findingsByExchange(sources, asked) : NO_FINDINGS
    yield { rows, findings }
  }
}

/** Reads the next page while this one is judged: the index answers from a thread of its own. */
async function* ahead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = items.next()
  for (;;) {
    const { value, done } = await next
    if (done === true) return
    next = items.next()
    // Its failure is raised when it is asked for.
    next.catch(() => undefined)
    yield value
  }
}

async function findingsByExchange(
  { findingsOf }: BacktestSources,
  rows: readonly ExchangeRow[],
): Promise<ReadonlyMap<string, readonly FindingRow[]>> {
  const ids = rows.filter(({ findingsIn }) => findingsIn.includes('request')).map(({ id }) => id)
  const byExchange = new Map<string, FindingRow[]>()
  for (const finding of await findingsOf(ids)) {
    if (finding.direction !== 'request') continue
    const own = byExchange.get(finding.exchange)
    if (own === undefined) byExchange.set(finding.exchange, [finding])
    else own.push(finding)
  }
  return byExchange
}

export function factsOfRow(row: ExchangeRow, findings: readonly FindingRow[]): PolicyFacts {
  const bytes = row.requestBytes
  return {
    moment: 'request',
    atMs: row.receivedAtMs,
    lot: row.id,
    caller: {
      id: row.principal,
      kind: row.principalKind,
      method: '',
      key: row.keyId ?? '',
      service: row.service,
      groups: [],
      claims: {},
    },
    declaredService: row.declaredService,
    upstream: row.upstream,
    dialect: row.dialect ?? '',
    surface: row.surface,
    route: row.route,
    model: row.model ?? '',
    stream: row.stream,
    size: sizeFacts(bytes, bytes),
    counts: { blocks: 0, newBlocks: 0, toolResults: 0 },
    tools: row.tools,
    conversation: row.conversation ?? '',
    findings: findings.map(({ rule, entity, fingerprint }) => ({
      rule,
      entity,
      fingerprint,
      isNew: true,
      role: 'other',
    })),
    inspection: 'done',
  }
}

class Tally {
  readonly #policy: Policy
  readonly #rules = new Map<string, { hits: number; samples: ExchangeId[] }>()
  readonly #byService = new Map<string, number>()
  readonly #byDay = new Map<string, number>()
  readonly #cards = new Set<string>()
  /** Fingerprints that each conversation has sent, by its declared id or by its last context. */
  readonly #sent = new Map<string, ReadonlySet<string>>()
  readonly #newly = { deny: 0, hold: 0, mask: 0, allow: 0 }
  #exchanges = 0
  #unreadable = 0
  #firstMs = Infinity
  #lastMs = -Infinity

  constructor(policy: Policy) {
    this.#policy = policy
  }

  add(row: ExchangeRow, facts: PolicyFacts | null): void {
    this.#exchanges += 1
    this.#firstMs = Math.min(this.#firstMs, row.receivedAtMs)
    this.#lastMs = Math.max(this.#lastMs, row.receivedAtMs)
    if (facts === null) {
      this.#unreadable += 1
      return
    }
    const findings = this.#aged(row, facts.findings)
    const { verdict, hits } = uncovered(evaluate(this.#policy, { ...facts, findings }))
    if (hits.length > 0) {
      const service = row.service || row.declaredService || '(none)'
      count(this.#byService, service)
      count(this.#byDay, new Date(row.receivedAtMs).toISOString().slice(0, 10))
    }
    for (const { rule } of hits) {
      const own = this.#rules.get(rule) ?? { hits: 0, samples: [] }
      own.hits += 1
      own.samples = [row.id, ...own.samples].slice(0, SAMPLES_MAX)
      this.#rules.set(rule, own)
    }
    const before = row.verdict ?? 'allow'
    if (verdict !== before) {
      const isStricter = VERDICTS.indexOf(verdict) > VERDICTS.indexOf(before)
      if (isStricter || verdict === 'allow') this.#newly[verdict] += 1
    }
    if (verdict === 'hold') {
      for (const hit of hits.filter((one) => one.verdict === 'hold'))
        this.#cards.add(
          JSON.stringify([
            row.principal,
            keyOf(row),
            hit.rule,
            hit.newFindings.length === 0 ? row.contextEnd : hit.newFindings,
          ]),
        )
    }
    if (verdict !== 'deny') this.#remember(row, findings)
  }

  /** A value is new once in a conversation, then it is carried over. */
  #aged(row: ExchangeRow, findings: readonly SeenFinding[]): readonly SeenFinding[] {
    if (findings.length === 0) return findings
    const before =
      this.#sent.get(keyOf(row)) ?? this.#sent.get(`${row.principal} ${row.contextParent ?? ''}`)
    return before === undefined
      ? findings
      : findings.map((one) => (before.has(one.fingerprint) ? { ...one, isNew: false } : one))
  }

  #remember(row: ExchangeRow, findings: readonly SeenFinding[]): void {
    const before = this.#sent.get(`${row.principal} ${row.contextParent ?? ''}`)
    if (findings.length === 0 && before === undefined) return
    const key = keyOf(row)
    this.#sent.set(
      key,
      new Set([
        ...(this.#sent.get(key) ?? []),
        ...(before ?? []),
        ...findings.map(({ fingerprint }) => fingerprint),
      ]),
    )
  }

  report(): Omit<BacktestReport, 'depth'> {
    const days = Math.max(1, Math.ceil((this.#lastMs - this.#firstMs + 1) / DAY_MS))
    return {
      exchanges: this.#exchanges,
      unreadable: this.#unreadable,
      rules: this.#policy.rules.map(({ id, title, verdict }) => ({
        rule: id,
        title,
        verdict,
        hits: this.#rules.get(id)?.hits ?? 0,
        samples: this.#rules.get(id)?.samples ?? [],
      })),
      byService: sorted(this.#byService, (a, b) => b[1] - a[1]),
      byDay: sorted(this.#byDay, (a, b) => (a[0] < b[0] ? -1 : 1)),
      newlyDenied: this.#newly.deny,
      newlyHeld: this.#newly.hold,
      newlyMasked: this.#newly.mask,
      newlyAllowed: this.#newly.allow,
      cards: this.#cards.size,
      cardsADay: this.#exchanges === 0 ? 0 : this.#cards.size / days,
    }
  }
}

function keyOf({ principal, conversation, contextEnd, id }: ExchangeRow): string {
  return `${principal} ${conversation ?? contextEnd ?? id}`
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sorted(
  counts: ReadonlyMap<string, number>,
  compare: (a: readonly [string, number], b: readonly [string, number]) => number,
): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].toSorted(compare))
}

/** What a conversation carries over was asked for when it was new: its grant covers it, and nobody is asked again. */
function uncovered({ verdict, hits }: Judged): Judged {
  const held = hits.filter((hit) => hit.verdict === 'hold')
  const isCarried = held.every(
    ({ findings, newFindings }) => findings.length > 0 && newFindings.length === 0,
  )
  if (verdict !== 'hold' || !isCarried) return { verdict, hits }
  const rest = hits.filter((hit) => hit.verdict !== 'hold')
  return { verdict: rest.some((hit) => hit.verdict === 'mask') ? 'mask' : 'allow', hits: rest }
}
