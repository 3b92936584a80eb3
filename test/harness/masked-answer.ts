/** Masks answers without a gateway: the sandbox writes them, the dialects read them, nothing goes over a socket. */
import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { shippedPacks } from '../../src/config/rule-files.ts'
import { compileRules } from '../../src/detect/compiled-rules.ts'
import type { CompiledRules } from '../../src/detect/compiled-rules.ts'
import type { MaskingPlan } from '../../src/detect/masking-plan.ts'
import { REPLACE } from '../../src/detect/operators.ts'
import { dialectByName } from '../../src/dialects/registry.ts'
import { createAnswerMasking } from '../../src/gateway/masking/answer-masking.ts'
import type { AnswerMasking, AnswerQuestion } from '../../src/gateway/masking/answer-masking.ts'
import { NO_ANALYZERS } from '../../src/gateway/analyzers/analyzer-desk.ts'
import { BlockFindings } from '../../src/gateway/masking/block-findings.ts'
import type { RequestTools } from '../../src/gateway/masking/inspect-request.ts'
import type { AnswerView, Dialect, Surface } from '../../src/model/dialect.ts'
import { answerTo } from '../../src/sandbox/answer-to.ts'
import type { Script } from '../../src/sandbox/script.ts'
import type { TestDialect } from './data-plane.ts'

const compiled = new Map<string, CompiledRules>()

function rulesOf(packs: readonly string[]): CompiledRules {
  const known = compiled.get(packs.join())
  if (known !== undefined) return known
  const made = compileRules({
    documents: shippedPacks(),
    choice: { packs, without: [] },
    terms: null,
  })
  assert.ok(made.kind === 'compiled')
  compiled.set(packs.join(), made.rules)
  return made.rules
}

export function maskingPlan(changes: Partial<MaskingPlan> = {}): MaskingPlan {
  const packs = changes.packs ?? ['pii', 'pci']
  return {
    version: '0'.repeat(64),
    packs,
    rules: rulesOf(packs),
    operators: {},
    defaultOperator: REPLACE,
    directions: ['request', 'response'],
    decode: [],
    threshold: 0.5,
    signedReasoning: 'pass',
    unknownEvents: 'withhold',
    tools: {},
    secretKeys: ['password'],
    numbers: 'string',
    analyzers: [],
    ...changes,
  }
}

export interface WrittenAnswer {
  readonly dialect: Dialect
  readonly surface: Surface
  readonly contentType: string
  readonly bytes: Buffer
  /** A stream as the sandbox cut it. */
  readonly pieces: readonly Buffer[]
}

/** `path` is that of the provider. */
export function writtenAnswer(
  name: TestDialect,
  path: string,
  body: object,
  script: Script,
): WrittenAnswer {
  const [bare = '', query = ''] = path.split('?')
  const incoming = new IncomingMessage(new Socket())
  const { answer } = answerTo(
    {
      incoming,
      method: 'POST',
      path: bare,
      query: new URLSearchParams(query),
      seq: 1,
      body: Buffer.from(JSON.stringify(body)),
    },
    script,
  )
  assert.equal(answer.status, 200)
  const pieces =
    answer.kind === 'whole' ? [answer.body] : answer.pieces.map(({ bytes }) => Buffer.from(bytes))
  const dialect = dialectByName(name)
  const surface = dialect.recognise({
    method: 'POST',
    path: bare,
    query: query === '' ? '' : `?${query}`,
  })
  assert.ok(surface !== null)
  const contentType = answer.headers['content-type'] ?? ''
  return { dialect, surface, contentType, bytes: Buffer.concat(pieces), pieces }
}

export function answerTools(): RequestTools {
  return {
    cache: new BlockFindings(),
    pool: {
      inspect: () => Promise.reject(new Error('no threads here')),
      [Symbol.asyncDispose]: async () => undefined,
    },
    master: Buffer.alloc(32, 7),
    analyzers: NO_ANALYZERS,
  }
}

export function maskingOf(
  { dialect, surface, contentType }: Omit<WrittenAnswer, 'bytes' | 'pieces'>,
  changes: Partial<AnswerQuestion> = {},
): AnswerMasking {
  const masking = createAnswerMasking({
    plan: maskingPlan(),
    tools: answerTools(),
    scope: 'someone',
    restorable: new Map(),
    documents: () => [],
    shape: dialect.streamShape(surface),
    kind: surface.kind,
    framing: dialect.framing(surface, contentType),
    status: 200,
    contentType,
    ...changes,
  })
  assert.ok(masking !== null)
  return masking
}

/** What the caller gets when the bytes come in these chunks. */
export async function shownOf(masking: AnswerMasking, chunks: readonly Buffer[]): Promise<Buffer> {
  const out: Buffer[] = []
  for (const chunk of chunks) out.push(await masking.push(chunk))
  out.push(await masking.end())
  return Buffer.concat(out)
}

export function viewOfAnswer(
  { dialect, surface, contentType }: WrittenAnswer,
  bytes: Buffer,
): AnswerView {
  return dialect.readAnswer(surface, contentType, bytes)
}
