import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { scanJson } from '../src/lib/json/scan.ts'
import { anthropic } from '../src/dialects/anthropic/index.ts'
import { openai } from '../src/dialects/openai/index.ts'
import { createContextReader } from '../src/gateway/conversation/context.ts'
import { linkContexts } from '../src/incident/link-contexts.ts'
import type { AnswerView, Dialect } from '../src/model/dialect.ts'
import { EMPTY_USAGE } from '../src/model/dialect.ts'
import type { ExchangeRow } from '../src/model/record.ts'
import { closedRow, exchangeId } from './store/samples.ts'

const reader = createContextReader(Buffer.alloc(32, 7))
const LIMITS = { depthMax: 64, elementsMax: 100_000 }

interface Step {
  readonly text: string
  readonly tool: string
  readonly args: Readonly<Record<string, string>>
  readonly result: string
}

/** What clients are known to do to the past between two turns. */
interface Habits {
  readonly movesCacheMarks: boolean
  readonly dropsThinking: boolean
  readonly rewritesArguments: boolean
  readonly trims: boolean
}

interface Wire {
  readonly dialect: Dialect
  readonly path: string
  readonly body: (task: string, steps: readonly Step[], habits: Habits) => unknown
}

const reordered = (args: Step['args']): Step['args'] =>
  Object.fromEntries(Object.entries(args).toReversed())

const ANTHROPIC: Wire = {
  dialect: anthropic,
  path: '/v1/messages',
  body: (task, steps, habits) => {
    const mark = (isLast: boolean): object =>
      habits.movesCacheMarks && isLast ? { cache_control: { type: 'ephemeral' } } : {}
    return {
      model: 'm',
      system: [{ type: 'text', text: 'You are an agent.' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: task, ...mark(steps.length === 0) }] },
        ...steps.flatMap(({ text, tool, args, result }, index) => {
          const isLast = index === steps.length - 1
          const thinking = { type: 'thinking', thinking: `about ${index}`, signature: 's' }
          return [
            {
              role: 'assistant',
              content: [
                ...(habits.dropsThinking && !isLast ? [] : [thinking]),
                { type: 'text', text: habits.trims ? text.trim() : text },
                {
                  type: 'tool_use',
                  id: `toolu_${index}`,
                  name: tool,
                  input: habits.rewritesArguments ? reordered(args) : args,
                },
              ],
            },
            {
              role: 'user',
              content: [
                {
                  type: 'tool_result',
                  tool_use_id: `toolu_${index}`,
                  content: result,
                  ...mark(isLast),
                },
              ],
            },
          ]
        }),
      ],
    }
  },
}

const OPENAI: Wire = {
  dialect: openai,
  path: '/v1/chat/completions',
  body: (task, steps, habits) => ({
    model: 'm',
    messages: [
      { role: 'system', content: 'You are an agent.' },
      {
        role: 'user',
        content: habits.movesCacheMarks && steps.length > 0 ? [{ type: 'text', text: task }] : task,
      },
      ...steps.flatMap(({ text, tool, args, result }, index) => [
        {
          role: 'assistant',
          content: habits.trims ? text.trim() : text,
          ...(habits.dropsThinking ? {} : { reasoning_content: 'hm', refusal: null }),
          tool_calls: [
            {
              id: `call_${index}`,
              type: 'function',
              function: {
                name: tool,
                arguments: habits.rewritesArguments
                  ? JSON.stringify(reordered(args), null, 1)
                  : JSON.stringify(args),
              },
            },
          ],
        },
        { role: 'tool', tool_call_id: `call_${index}`, content: result },
      ]),
    ],
  }),
}

function linksOf(wire: Wire, body: unknown) {
  const bytes = Buffer.from(JSON.stringify(body))
  const surface = wire.dialect.recognise({ method: 'POST', path: wire.path, query: '' })
  assert.ok(surface !== null)
  const reading = wire.dialect.readRequest(surface, scanJson(bytes, LIMITS))
  assert.equal(reading.kind, 'view')
  return reading.kind === 'view' ? (reader.read(reading.view.blocks, bytes)?.links ?? null) : null
}

function answered({ text, tool, args }: Step): string {
  const view: AnswerView = {
    text,
    reasoning: 'hm',
    refusal: '',
    finishReason: 'tool_use',
    model: 'm',
    responseId: null,
    usage: EMPTY_USAGE,
    error: null,
    events: 1,
    toolCalls: [{ id: 'x', name: tool, arguments: JSON.stringify(args) }],
  }
  return reader.answer(view)
}

interface Turn {
  readonly run: number
  readonly number: number
  readonly row: ExchangeRow
}

function turnsOf(
  wire: Wire,
  run: number,
  task: string,
  steps: readonly Step[],
  habits: readonly Habits[],
): Turn[] {
  return steps.map((step, number) => {
    const links = linksOf(
      wire,
      wire.body(task, steps.slice(0, number), habits[number % habits.length] ?? NEAT),
    )
    const row = closedRow(0, {
      contextEnd: links?.end ?? null,
      contextParent: links?.parent ?? null,
      contextAnswer: links?.answer ?? null,
      answerDigest: answered(step),
    })
    return { run, number, row }
  })
}

const NEAT: Habits = {
  movesCacheMarks: false,
  dropsThinking: false,
  rewritesArguments: false,
  trims: false,
}
const habits: fc.Arbitrary<Habits> = fc.record({
  movesCacheMarks: fc.boolean(),
  dropsThinking: fc.boolean(),
  rewritesArguments: fc.boolean(),
  trims: fc.boolean(),
})
const word = fc.constantFrom('look', 'fix', 'test', 'run it ', ' done')
const step: fc.Arbitrary<Step> = fc.record({
  text: word,
  tool: fc.constantFrom('bash', 'edit'),
  args: fc.record({ path: fc.constantFrom('a', 'b'), mode: fc.constantFrom('r', 'w') }),
  result: fc.constantFrom('ok', 'no such file', ''),
})

/** Runs take turns at random; within a run the order stays. */
function shuffled(runs: readonly (readonly Turn[])[], picks: readonly number[]): readonly Turn[] {
  const queues = runs.map((turns) => [...turns])
  const out: Turn[] = []
  let at = 0
  while (queues.some((queue) => queue.length > 0)) {
    const open = queues.filter((queue) => queue.length > 0)
    const next = open[(picks[at % picks.length] ?? 0) % open.length]?.shift()
    if (next !== undefined) out.push(next)
    at += 1
  }
  return out
}

for (const [name, wire] of Object.entries({ anthropic: ANTHROPIC, openai: OPENAI })) {
  test(`${name}: shuffled agent runs have no wrong parent, whatever clients do to the past, and no lost one where runs differ`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }),
        fc.array(habits, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (runs, manners, picks, isOneTask) => {
          const all = runs.map((steps, run) =>
            turnsOf(wire, run, isOneTask ? 'fix the bug' : `task ${run}`, steps, manners),
          )
          const turns = shuffled(all, picks).map((turn, at) => ({
            ...turn,
            row: { ...turn.row, id: exchangeId(at + 1) },
          }))
          const links = linkContexts(turns.map(({ row }) => row))
          for (const turn of turns) {
            const { parent, method } = links.get(turn.row.id) ?? { parent: null, method: 'none' }
            const real = turns.find(
              ({ run, number }) => run === turn.run && number === turn.number - 1,
            )
            if (parent !== null) {
              // Two runs in which the same was said up to here are one and the same to everybody.
              const named = turns.find(({ row }) => row.id === parent)
              assert.equal(named?.number, turn.number - 1)
              const isTwin = named?.row.contextEnd === real?.row.contextEnd
              assert.ok(parent === real?.row.id || isTwin, 'a wrong parent')
              assert.equal(parent, real?.row.id, 'a twin is unsure, not a guess')
            } else if (real !== undefined && !isOneTask) assert.fail(`lost by ${method}`)
            else if (real !== undefined) assert.equal(method, 'unsure')
          }
        },
      ),
      { numRuns: 300 },
    )
  })
}

test('attempts of one request are grouped until one is answered', () => {
  const links = linksOf(OPENAI, OPENAI.body('t', [], NEAT))
  const at = (n: number, changes: Partial<ExchangeRow>): ExchangeRow =>
    closedRow(n, { contextEnd: links?.end ?? null, ...changes })
  const rows = [
    at(1, { status: 503, outcome: 'gateway-error' }),
    at(2, { state: 'interrupted', status: null }),
    at(3, {}),
    at(4, {}),
    at(5, { principal: 'somebody else' }),
  ]
  const found = linkContexts(rows)
  assert.deepEqual(
    rows.map(({ id }) => found.get(id)?.attemptOf ?? null),
    [null, rows[0]?.id, rows[0]?.id, null, null],
  )
})
