/** Every way by which a text comes to the matchers, in this thread: rules alone, prompts, answers whole and streamed. */
import { scanText } from '../../src/detect/matcher.ts'
import type { MatcherOptions } from '../../src/detect/matcher.ts'
import { TermList } from '../../src/detect/term-list.ts'
import type { AnswerQuestion } from '../../src/gateway/masking/answer-masking.ts'
import type { RequestTools } from '../../src/gateway/masking/inspect-request.ts'
import { inspectRequest } from '../../src/gateway/masking/inspect-request.ts'
import { inspectValue } from '../../src/gateway/masking/inspect-texts.ts'
import type { InspectionPool } from '../../src/gateway/masking/inspection-pool.ts'
import { createMaskKeys } from '../../src/gateway/masking/mask-keys.ts'
import type { IssuedToken } from '../../src/gateway/masking/mask-keys.ts'
import { unpacked } from '../../src/gateway/masking/packed-values.ts'
import { scanJson } from '../../src/lib/json/scan.ts'
import { matcherOptions, shippedRuleset } from './detectors.ts'
import { answerTools, maskingOf, maskingPlan, shownOf, writtenAnswer } from './masked-answer.ts'
import { streamOf, STREAMED_TOOLS } from './stream-splits.ts'

type Path = (text: string) => unknown

/** Does in this thread what threads do. */
const INLINE: InspectionPool = {
  inspect: async ({ rules, master, scope, settings, values }) => {
    const tokens: IssuedToken[] = []
    const keys = createMaskKeys(master, scope, (token) => tokens.push(token))
    const inspections = Array.from(unpacked(values), (one) =>
      inspectValue(rules, keys, settings, one),
    )
    return { inspections, tokens }
  },
  [Symbol.asyncDispose]: async () => undefined,
}

export const inlineTools = (): RequestTools => ({ ...answerTools(), pool: INLINE })

const RESTORABLE = new Map([['<MAIL_0123456789abcdef>', 'jane@home']])
const TOKEN_CHARACTERS = 40

export function textPath(pack: string, changes: Partial<MatcherOptions> = {}): Path {
  const ruleset = shippedRuleset(pack)
  return (text) => scanText(ruleset, text, matcherOptions(changes))
}

/** With the rules of one pack, tokens that come back, and the same text in every place that takes one. */
export function maskingPaths(pack: string): Readonly<Record<string, Path>> {
  const plan = maskingPlan({ packs: [pack], defaultOperator: { kind: 'tokenize' } })
  const words = ['deadbeef', 'a.a', ...Array.from({ length: 10_000 }, (_, at) => `term-${at}-a`)]
  const terms = new TermList([{ id: 'deny-list', entity: 'TERM', words }])
  const masked = (more: Partial<AnswerQuestion> = {}): Partial<AnswerQuestion> => ({
    plan,
    tools: inlineTools(),
    restorable: RESTORABLE,
    ...more,
  })
  const whole = writtenAnswer('openai', '/v1/chat/completions', { ...CHAT, stream: false }, {})
  const tool = STREAMED_TOOLS.find(({ dialect }) => dialect === 'anthropic')
  return {
    text: textPath(pack),
    'text with decoded runs': textPath(pack, { encoded: true }),
    'text against a deny list': textPath(pack, { terms }),
    'a prompt': (text) => {
      const bytes = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: text }] }))
      const scan = scanJson(bytes, { depthMax: 64, elementsMax: 1000 })
      if (scan.kind === 'problem') throw new Error('our own JSON is none')
      return inspectRequest(inlineTools(), { tape: scan.tape, blocks: [], plan, scope: '' })
    },
    'a whole answer': (text) => {
      const body = { choices: [{ index: 0, message: { role: 'assistant', content: text } }] }
      return shownOf(maskingOf(whole, masked()), [Buffer.from(JSON.stringify(body))])
    },
    'an answer that is no JSON': (text) =>
      shownOf(maskingOf(whole, masked()), [Buffer.from(`= ${text}`)]),
    'a streamed answer that is repeated whole': (text) => {
      const script = { text, events: Math.ceil(text.length / TOKEN_CHARACTERS) }
      const answer = writtenAnswer('openai', '/v1/responses', { ...CHAT, input: 'x' }, script)
      return shownOf(maskingOf(answer, masked()), answer.pieces)
    },
    'streamed tool arguments': (text) => {
      if (tool === undefined) throw new Error('no tool is streamed')
      const call = { name: 'send', input: JSON.stringify({ text }) }
      const answer = streamOf(tool, { call })
      return shownOf(maskingOf(answer, masked()), answer.pieces)
    },
  }
}

const CHAT = { model: 'echo', stream: true, messages: [{ role: 'user', content: 'x' }] }
