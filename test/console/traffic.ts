/** Prompts that the console tests send through the gateway with the OpenAI SDK, as its callers do. */
import OpenAI from 'openai'
import type { TestBrowser } from '../harness/browser.ts'

export const HOSTILE = [
  '<script>window.hacked = 1</script>',
  '<img src="/x-hostile" onerror="window.hacked = 2">',
  '<a href="javascript:window.hacked = 3">here</a>',
  '\u001b[31mred\u001b[0m\u0007',
  'abc\u202egnirts\u202c \u200bzero',
].join(' ')

export function openaiOf(browser: TestBrowser, upstream = 'openai'): OpenAI {
  const { gateway } = browser.console
  return new OpenAI({
    apiKey: gateway.key,
    baseURL: `${gateway.url}/${upstream}/v1`,
    maxRetries: 0,
  })
}

interface Ask {
  readonly model?: string
  readonly script?: object
  readonly service?: string
  readonly upstream?: string
}

/** One answer that is not streamed. An HTTP error is an answer too. */
export async function ask(browser: TestBrowser, content: string, options: Ask = {}): Promise<void> {
  await openaiOf(browser)
    .chat.completions.create(
      { model: options.model ?? 'echo', messages: [{ role: 'user', content }] },
      { headers: headersOf(options) },
    )
    .catch((error: unknown) => {
      if (!(error instanceof OpenAI.APIError)) throw error
    })
  await browser.console.gateway.app.evidence.flush()
}

/** A streamed answer; resolves with a function that reads it to its end. */
export async function askSlowly(
  browser: TestBrowser,
  content: string,
  options: Ask = {},
): Promise<() => Promise<void>> {
  const stream = await openaiOf(browser, options.upstream).chat.completions.create(
    {
      model: options.model ?? 'echo-slow',
      stream: true,
      messages: [
        { role: 'system', content: 'You are a careful assistant.' },
        { role: 'user', content },
      ],
      tools: [WEATHER],
    },
    { headers: headersOf(options) },
  )
  return async () => {
    for await (const _ of stream);
    await browser.console.gateway.app.evidence.flush()
  }
}

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

function headersOf({ script, service }: Ask): Record<string, string> {
  return {
    ...(script === undefined ? {} : { 'x-sandbox-script': JSON.stringify(script) }),
    ...(service === undefined ? {} : { 'x-custody-service': service }),
  }
}
