/** Sessions of coding agents from `test/fixtures/agents`, with planted values in them, and what must become of those. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Script } from '../../src/sandbox/script.ts'

type JsonObject = Readonly<Record<string, unknown>>

export interface AgentTurn {
  /** Status of a first attempt that fails; the client sends the same again. */
  readonly retriedAfter?: number
  /** Answered as one document. */
  readonly isWhole?: boolean
  /** Names the answer before instead of sending the history again. */
  readonly continues?: boolean
  /** What the agent adds to the conversation. */
  readonly user: readonly JsonObject[]
  readonly answer: {
    readonly reasoning?: string
    readonly text?: string
    readonly call?: { readonly name: string; readonly input: JsonObject | string }
  }
}

export interface AgentSession {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The body of a request; null where the conversation goes. */
  readonly head: JsonObject
  readonly turns: readonly AgentTurn[]
}

/** Written in pieces: scanners of repositories need not take them for real ones. */
const GITHUB = ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('')
const PEM_BODY = [
  'MHcCAQEEIBkg4LVWM9nuwNSk3yByxZpYRTBnVJk5oIlrK1uJ7Wv',
  'AoAoGCCqGSM49AwEHoUQDQgAE',
].join('')
const PEM = [
  '-----BEGIN EC ',
  `PRIVATE KEY-----\n${PEM_BODY}\n-----END EC PRIVATE `,
  'KEY-----',
].join('')

export interface Planted {
  readonly value: string
  readonly mask: string
}

const PLANTED: Readonly<Record<string, Planted>> = {
  email: { value: 'zq.wxyzk@kjqvx.org', mask: '<EMAIL_ADDRESS>' },
  card: { value: '4111 1111 1111 1111', mask: '<CREDIT_CARD>' },
  iban: { value: 'DE89 3704 0044 0532 0130 00', mask: '<IBAN_CODE>' },
  github: { value: GITHUB, mask: '<CREDENTIAL>' },
  encoded: { value: Buffer.from(`token=${GITHUB}`).toString('base64'), mask: '<CREDENTIAL>' },
  pem: { value: PEM, mask: '<CREDENTIAL>' },
  login: { value: 'ledger:kq7Zt2wXv9pL', mask: '<CREDENTIAL>' },
}

export function agentSession(name: 'claude-code' | 'codex'): AgentSession {
  const file = new URL(`../fixtures/agents/${name}.json`, import.meta.url)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own file
  return planted(JSON.parse(readFileSync(file, 'utf8'))) as AgentSession
}

function planted(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const one = PLANTED[name]
      assert.ok(one !== undefined, `${name} is no planted value`)
      return one.value
    })
  if (Array.isArray(value)) return value.map(planted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, planted(one)]))
}

/** What the sandbox is told to answer. */
export function scriptOf({ answer }: AgentTurn): Script {
  const { call, ...rest } = answer
  if (call === undefined) return rest
  const { name, input } = call
  return {
    ...rest,
    call: { name, input: typeof input === 'string' ? input : JSON.stringify(input) },
  }
}

/** As it stands in a text, in JSON, and in JSON inside a text. */
function spellings(text: string): readonly string[] {
  const inside = (one: string): string => JSON.stringify(one).slice(1, -1)
  return [...new Set([text, inside(text), inside(inside(text))])]
}

/** The same text with masks in the place of what was planted. */
export function masked(text: string): string {
  let out = text
  for (const { value, mask } of Object.values(PLANTED))
    for (const spelled of spellings(value)) out = out.replaceAll(spelled, mask)
  return out
}

/** No eight characters of a planted value that could help anybody. */
export function assertNothingPlanted(text: string, what: string): void {
  for (const { value } of Object.values(PLANTED)) {
    for (let at = 0; at + 8 <= value.length; at += 1) {
      const piece = value.slice(at, at + 8)
      if (HARMLESS.test(piece)) continue
      assert.ok(!text.includes(piece), `${what}: ${piece}`)
    }
  }
}

/** Pieces that say nothing: they stand in harmless texts, too. */
const HARMLESS = /-----|PRIVATE|ledger/

/** Headers carry ASCII. */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
