/** What a policy sees of a recorded exchange: its record, and on request its text looked into again. */
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { MaskingPlan } from '../detect/masking-plan.ts'
import type { RecordedExchange } from '../evidence/reader.ts'
import { contentDecoder } from '../gateway/content-encoding.ts'
import { BlockFindings } from '../gateway/masking/block-findings.ts'
import { inspectRequest } from '../gateway/masking/inspect-request.ts'
import type { RequestTools } from '../gateway/masking/inspect-request.ts'
import { NO_ANALYZERS } from '../gateway/analyzers/analyzer-desk.ts'
import { createInspectionPool } from '../gateway/masking/inspection-pool.ts'
import { scanJson } from '../lib/json/scan.ts'
import type { BlockRole } from '../model/dialect.ts'
import type { FindingRecord } from '../model/masking.ts'
import { callerFacts, sizeFacts } from '../policy/facts.ts'
import type { PolicyFacts } from '../policy/facts.ts'

export interface RecordedLook extends AsyncDisposable {
  /** Null when the body cannot be read. */
  readonly facts: (recorded: RecordedExchange) => Promise<PolicyFacts | null>
}

const LIMITS = { depthMax: 512, elementsMax: 1_000_000 }
const BODY_MAX = 64 * 1024 * 1024

/** `plan` looks into the text again; null takes the findings as they were recorded. */
export function createRecordedLook(plan: MaskingPlan | null, master: Buffer): RecordedLook {
  const pool = createInspectionPool(Math.max(1, availableParallelism() - 1))
  // Recorded text is looked into again by rules alone: analyzers belong to the moment of the exchange.
  const tools: RequestTools = { cache: new BlockFindings(), pool, master, analyzers: NO_ANALYZERS }
  return {
    facts: async (recorded) => {
      const findings = plan === null ? recorded.facts.findings : await found(recorded, plan, tools)
      return findings === null ? null : recordedFacts(recorded, findings ?? [])
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

async function found(
  recorded: RecordedExchange,
  plan: MaskingPlan,
  tools: RequestTools,
): Promise<readonly FindingRecord[] | null> {
  const { requestBody, requestBlocks, facts } = recorded
  if (requestBody === null || requestBody.length === 0) return []
  const coding =
    facts.received.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1] ?? null
  const decoder = contentDecoder(coding)
  if (decoder === null) return null
  const plain = decoder === 'identity' ? requestBody : await decoder.whole(requestBody, BODY_MAX)
  if (plain === null) return null
  const scan = scanJson(plain, LIMITS)
  if (scan.kind === 'problem') return []
  const blocks = decoder === 'identity' ? requestBlocks : []
  return (await inspectRequest(tools, { tape: scan.tape, blocks, plan, scope: '' })).findings
}

function recordedFacts(
  { facts, requestBody, requestBlocks, row }: RecordedExchange,
  findings: readonly FindingRecord[],
): PolicyFacts {
  const { principal, decision } = facts
  const bytes = requestBody?.length ?? row.requestBytes
  const last = requestBlocks.findLastIndex(({ role }) => role === 'assistant')
  const fresh = requestBlocks.slice(last + 1)
  // Of records that do not say it: what stands behind the last answer.
  const newBytes =
    facts.novelty?.bytes ??
    (requestBlocks.length === 0 ? bytes : fresh.reduce((sum, one) => sum + one.end - one.start, 0))
  const hits = decision?.hits ?? []
  const fresher = new Set(hits.flatMap(({ newFindings }) => newFindings))
  const known = new Set(hits.flatMap((hit) => hit.findings))
  const roleOf = (block: number | null): BlockRole =>
    (block === null ? undefined : requestBlocks[block]?.role) ?? 'other'
  return {
    moment: 'request',
    atMs: facts.receivedAtMs,
    lot: createHash('sha256').update(facts.id).digest('hex'),
    caller: callerFacts(principal),
    declaredService: facts.tags.service,
    upstream: facts.upstream,
    dialect: facts.dialect ?? '',
    surface: facts.surface,
    route: facts.route,
    model: facts.model ?? '',
    stream: facts.stream,
    size: sizeFacts(bytes, newBytes),
    counts: {
      blocks: requestBlocks.length,
      newBlocks: facts.novelty?.blocks ?? fresh.length,
      toolResults: requestBlocks.filter(({ role }) => role === 'tool').length,
    },
    tools: facts.toolNames,
    conversation: row.conversation ?? '',
    findings: findings.map(({ rule, entity, fingerprint, block }) => ({
      rule,
      entity,
      fingerprint,
      // What no rule noted is not known to have been sent before.
      isNew: fresher.has(fingerprint) || !known.has(fingerprint),
      role: roleOf(block),
    })),
    inspection: requestBlocks.length === 0 && findings.length === 0 ? 'unread' : 'done',
  }
}
