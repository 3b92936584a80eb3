/** A gateway whose policy holds a keyword, with people who may decide; nothing mocked. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Approval } from '../../src/api/contract/approvals.ts'
import type { RecordedExchange } from '../../src/evidence/reader.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { Answer, Call, TestConsole } from './console.ts'
import { startConsole } from './console.ts'

const WAIT_MAX_MS = 60_000

export const HOLD_POLICY = `version: 1
rules:
  - id: no-bluebird
    title: Project names stay inside
    on: request
    keywords: ["project bluebird", "project redwing"]
    then: hold
    stage: enforce
    message: Project names need an approval.
    tests:
      - name: named in a prompt
        given: { text: "about Project Bluebird" }
        expect: hold
`

export interface AskedAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly exchange: string
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly key?: string
  readonly stream?: boolean
}

export interface ApprovalGateway extends AsyncDisposable {
  readonly console: TestConsole
  readonly approver: Call
  /** The approver’s API token. */
  readonly token: string
  readonly decide: (id: string, ballot: Readonly<Record<string, unknown>>) => Promise<Answer>
  readonly ask: (text: string, options?: AskOptions) => Promise<AskedAnswer>
  /** Waits until an approval waits (with so many callers), and gives the newest. */
  readonly pending: (waiting?: number) => Promise<Approval>
  readonly approvals: (show: 'pending' | 'decided' | 'review') => Promise<readonly Approval[]>
  /** Bodies that reached the provider. */
  readonly sent: () => readonly string[]
  readonly recorded: (id: string) => Promise<RecordedExchange>
}

export interface ApprovalGatewayOptions {
  /** Null: no file; the policy is made in the console. */
  readonly policy?: string | null
  readonly yaml?: string
  readonly folder?: string
  readonly port?: number
  readonly clock?: Clock
  readonly env?: Readonly<Record<string, string>>
  /** Of the approver before a restart. */
  readonly token?: string
}

export async function approvalGateway(
  options: ApprovalGatewayOptions = {},
): Promise<ApprovalGateway> {
  await using stack = new AsyncDisposableStack()
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'custody-held-')))
  if (options.folder === undefined) stack.defer(() => rm(folder, { recursive: true, force: true }))
  const { policy = HOLD_POLICY } = options
  if (policy !== null) await writeFile(join(folder, 'policy.yaml'), policy)
  const console = stack.use(
    await startConsole({
      folder,
      yaml: `${policy === null ? '' : 'policy: policy.yaml\n'}${options.yaml ?? ''}`,
      ...(options.token === undefined ? {} : { token: options.token }),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.env === undefined ? {} : { env: options.env }),
    }),
  )
  const erin =
    options.token === undefined
      ? await console.person('erin', ['approver'])
      : { call: console.admin, token: options.token }
  const approver = erin.call
  const owned = stack.move()
  const approvals: ApprovalGateway['approvals'] = async (show) => {
    const answer = await approver('GET', `/approvals?show=${show}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.items
  }
  return {
    console,
    approver,
    token: erin.token,
    approvals,
    decide: (id, body) => approver('POST', `/approvals/${id}/decide`, { body }),
    ask: (text, ask = {}) => asked(console, text, ask),
    pending: async (waiting = 1) => {
      const giveUpMs = performance.now() + WAIT_MAX_MS
      for (;;) {
        const found = (await approvals('pending')).find((one) => one.waiting >= waiting)
        if (found !== undefined) return found
        assert.ok(performance.now() < giveUpMs, 'no approval came to wait')
        await pause(20)
      }
    },
    sent: () =>
      console.gateway.sandbox.received().map(({ body }) => Buffer.from(body, 'base64').toString()),
    recorded: (id) => console.gateway.recorded(id),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function asked(
  { gateway }: TestConsole,
  text: string,
  { headers = {}, signal, key = gateway.key, stream = false }: AskOptions,
): Promise<AskedAnswer> {
  const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    ...(signal === undefined ? {} : { signal }),
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ model: 'echo', stream, messages: [{ role: 'user', content: text }] }),
  })
  return {
    status: answer.status,
    headers: answer.headers,
    text: await answer.text(),
    exchange: answer.headers.get('x-custody-exchange') ?? '',
  }
}

/** Real time, so many times faster. */
export function fastClock(factor: number): Clock {
  const began = { nowMs: Date.now(), monotonicMs: performance.now() }
  const since = (): number => (performance.now() - began.monotonicMs) * factor
  return {
    nowMs: () => Math.round(began.nowMs + since()),
    monotonicMs: () => began.monotonicMs + since(),
  }
}
