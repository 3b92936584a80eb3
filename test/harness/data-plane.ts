/** A gateway whose upstreams all lead to one address of the test's own, and what evidence and metrics say of it. */
import assert from 'node:assert/strict'
import type { RecordedExchange } from '../../src/evidence/reader.ts'
import type { ExchangeRow } from '../../src/model/record.ts'
import { openStore } from '../../src/store/store.ts'
import { startGateway } from './gateway.ts'
import type { TestGateway, TestGatewayOptions } from './gateway.ts'
import { until } from './until.ts'

export const DIALECTS = ['openai', 'anthropic', 'gemini', 'bedrock', 'ollama'] as const
export type TestDialect = (typeof DIALECTS)[number]

export function upstreamsAt(url: string, more = ''): string {
  const lines = DIALECTS.map(
    (dialect) => `  ${dialect}: { dialect: ${dialect}, baseUrl: '${url}'${more} }`,
  )
  return `upstreams:\n${lines.join('\n')}\n`
}

export interface DataPlane extends TestGateway {
  readonly port: number
  /** Every exchange, oldest first, once nothing is in progress. */
  readonly rows: () => Promise<readonly ExchangeRow[]>
  readonly records: () => Promise<readonly RecordedExchange[]>
  readonly metric: (name: string) => Promise<number>
  /** Resolves when no exchange is in progress; fails after half a minute. */
  readonly idle: () => Promise<void>
  /** Resolves when one is. */
  readonly busy: () => Promise<void>
}

export async function startDataPlane(
  upstreamUrl: string,
  options: TestGatewayOptions & { readonly upstreams?: string } = {},
): Promise<DataPlane> {
  const yaml = `${options.upstreams ?? upstreamsAt(upstreamUrl)}${options.yaml ?? ''}`
  const gateway = await startGateway({ ...options, yaml })
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    const line = text
      .split('\n')
      .find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`))
    assert.ok(line !== undefined, `${name} is a metric`)
    return Number(line.slice(line.lastIndexOf(' ') + 1))
  }
  const when = async (isReached: (running: number) => boolean): Promise<void> => {
    let running = 0
    await until(
      async () => {
        running = await metric('custody_exchanges_in_progress')
        return isReached(running)
      },
      () => `${running} exchanges are in progress`,
    )
  }
  const idle = (): Promise<void> => when((running) => running === 0)
  const rows = async (): Promise<readonly ExchangeRow[]> => {
    await idle()
    await gateway.app.evidence.flush()
    await using store = await openStore({ kind: 'sqlite', folder: gateway.folder })
    const listed = await store.index.list({ limit: 1000 })
    return listed.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }
  return {
    ...gateway,
    port: Number(new URL(gateway.url).port),
    metric,
    idle,
    busy: () => when((running) => running > 0),
    rows,
    records: async () => {
      const all: RecordedExchange[] = []
      for (const row of await rows()) all.push(await gateway.recorded(row.id))
      return all
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

export interface Call {
  readonly path: string
  readonly body: string
}

/** A chat call of each dialect. */
export function chatCall(dialect: TestDialect, stream: boolean, model = 'echo'): Call {
  const messages = [{ role: 'user', content: 'hello' }]
  switch (dialect) {
    case 'openai':
      return {
        path: '/openai/v1/chat/completions',
        body: JSON.stringify({ model, stream, messages }),
      }
    case 'anthropic':
      return {
        path: '/anthropic/v1/messages',
        body: JSON.stringify({ model, stream, max_tokens: 100, messages }),
      }
    case 'gemini':
      return {
        path: `/gemini/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }),
      }
    case 'bedrock':
      return {
        path: `/bedrock/model/${model}/converse${stream ? '-stream' : ''}`,
        body: JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'hello' }] }] }),
      }
    case 'ollama':
      return { path: '/ollama/api/chat', body: JSON.stringify({ model, stream, messages }) }
  }
}
