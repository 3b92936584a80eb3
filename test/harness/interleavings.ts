/** Plays random stories of held requests against the real gateway: attempts, hang-ups, decisions, expiries and restarts in any order. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as fc from 'fast-check'
import type { Approval } from '../../src/api/contract/approvals.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { approvalGateway } from './approval-gateway.ts'
import type { ApprovalGateway } from './approval-gateway.ts'

/** Each story names a project of its own, so that each has a card of its own. */
const POLICY = `version: 1
rules:
  - id: no-projects
    title: Project names stay inside
    on: request
    patterns: ['project-n\\d{1,4}']
    then: hold
    stage: enforce
    message: Project names need an approval.
    approval: { expires: 10m }
    tests: [{ name: named, given: { text: "project-n1" }, expect: hold }]
`
const YAML = 'approvals: { hold: { budget: 5s, pending: final } }\n'
const EXPIRES_MS = 10 * 60_000

type Deed = 'attempt' | 'hang-up' | 'approve' | 'approve-masked' | 'deny'

const CHOICES: Partial<Readonly<Record<Deed, string>>> = {
  approve: 'once',
  'approve-masked': 'masked',
  deny: 'deny',
}
type Step =
  | { readonly kind: 'deed'; readonly story: number; readonly deed: Deed }
  | { readonly kind: 'restart' }
  /** Everything that waits expires. */
  | { readonly kind: 'time' }

export function steps(stories: number): fc.Arbitrary<readonly Step[]> {
  const story = fc.nat({ max: stories - 1 })
  const deed = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Deed>('attempt') },
    { weight: 3, arbitrary: fc.constant<Deed>('hang-up') },
    { weight: 2, arbitrary: fc.constant<Deed>('deny') },
    { weight: 1, arbitrary: fc.constantFrom<Deed>('approve', 'approve-masked') },
  )
  return fc.array(
    fc.oneof(
      {
        weight: 60,
        arbitrary: fc.record({ kind: fc.constant('deed' as const), story, deed }),
      },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'time' }) },
    ),
    { minLength: stories * 4, maxLength: stories * 7 },
  )
}

/** A clock that runs with the machine's and can be put forward. */
function leapingClock() {
  let leapt = 0
  return {
    nowMs: () => systemClock.nowMs() + leapt,
    monotonicMs: () => systemClock.monotonicMs() + leapt,
    leap: (ms: number) => {
      leapt += ms
    },
  }
}

interface Call {
  readonly hangUp: () => void
  readonly status: Promise<number | null>
}

export interface Played {
  readonly approvals: readonly Approval[]
  readonly attempts: number
  readonly sent: number
}

/** Fails when anything reached the provider that nobody had approved. */
export async function play(plan: readonly Step[], stories: number): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'custody-stories-'))
  const clock = leapingClock()
  const open = (token?: string): Promise<ApprovalGateway> =>
    approvalGateway({
      folder,
      policy: POLICY,
      yaml: YAML,
      clock,
      ...(token === undefined ? {} : { token }),
    })
  let gateway = await open()
  const { token } = gateway
  const { key } = gateway.console.gateway
  const calls: Call[][] = Array.from({ length: stories }, () => [])
  const bodies: string[] = []
  let attempts = 0
  const close = async (): Promise<void> => {
    const { sent } = gateway
    await gateway[Symbol.asyncDispose]()
    bodies.push(...sent())
  }
  const attempt = (story: number): void => {
    const stop = new AbortController()
    attempts += 1
    const status = gateway
      .ask(`about project-n${story}.`, {
        key,
        signal: stop.signal,
        headers: { 'x-custody-service': nameOf(story) },
      })
      .then(({ status }) => status)
      .catch(() => null)
    calls[story]?.push({ hangUp: () => stop.abort(), status })
  }
  const decide = async (story: number, deed: Deed): Promise<void> => {
    const cards = await approvalsOf(gateway, 'pending')
    const card = cards.find(({ declaredService }) => declaredService === nameOf(story))
    const choice = CHOICES[deed]
    if (card === undefined || choice === undefined) return
    const answer = await gateway.decide(card.id, { choice })
    // Somebody was faster: time, or the gateway itself.
    assert.ok([200, 403, 409].includes(answer.status), answer.text)
  }
  try {
    for (const step of plan) {
      if (step.kind === 'restart') {
        await close()
        gateway = await open(token)
      } else if (step.kind === 'time') clock.leap(EXPIRES_MS)
      else if (step.deed === 'attempt') attempt(step.story)
      else if (step.deed === 'hang-up') calls[step.story]?.at(-1)?.hangUp()
      else await decide(step.story, step.deed)
    }
    // Whoever still waits is told so; what nobody decided expires.
    for (const call of calls.flat()) call.hangUp()
    clock.leap(EXPIRES_MS)
    await Promise.all(calls.flat().map(({ status }) => status))
    for (let n = 0; (await approvalsOf(gateway, 'pending')).length > 0; n += 1) {
      assert.ok(n < 600, 'approvals do not expire')
      await pause(50)
      // An attempt that hung up may still have asked.
      if (n % 20 === 19) clock.leap(EXPIRES_MS)
    }
    const approvals = await approvalsOf(gateway, 'decided')
    const sent = [...bodies, ...gateway.sent()]
    await check(gateway, approvals, sent)
    return { approvals, attempts, sent: sent.length }
  } finally {
    await close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const nameOf = (story: number): string => `story-${story}`

async function approvalsOf(
  { approver }: ApprovalGateway,
  show: 'pending' | 'decided',
): Promise<readonly Approval[]> {
  const answer = await approver('GET', `/approvals?show=${show}&limit=200`)
  assert.equal(answer.status, 200, answer.text)
  return answer.body.items
}

const APPROVED = new Set(['approved', 'approved-masked'])

/** Both sides: what the provider received, and what evidence says of each exchange. */
async function check(
  gateway: ApprovalGateway,
  approvals: readonly Approval[],
  bodies: readonly string[],
): Promise<void> {
  const sendable = new Set(
    approvals
      .filter(({ state }) => state === 'approved')
      .map(({ declaredService }) => declaredService),
  )
  for (const body of bodies) {
    const story = /project-n(\d+)/.exec(body)?.[1]
    if (story !== undefined)
      assert.ok(sendable.has(nameOf(Number(story))), `sent without an approval: ${body}`)
  }
  await gateway.console.gateway.app.evidence.flush()
  let passed = 0
  const all = await gateway.console.gateway.app.index.list({ limit: 5_000 })
  for (const { id } of all) {
    const { closing } = await gateway.recorded(id)
    assert.ok(closing !== null, `${id} was never closed`)
    const state = closing.approval?.state ?? null
    if (state !== null && APPROVED.has(state)) passed += 1
    else assert.equal(closing.upstreamStatus, null, `${id} is ${state} and was answered upstream`)
  }
  assert.ok(bodies.length <= passed, `${bodies.length} were sent, ${passed} approved`)
}
