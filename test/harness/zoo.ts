/** Every client that the gateway is measured with, reduced to one prompt and what its user reads of the outcome. */
import Anthropic from '@anthropic-ai/sdk'
import Anthropic0 from 'anthropic-sdk-0'
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime'
import { createOpenAI } from '@ai-sdk/openai'
import { GoogleGenAI } from '@google/genai'
import { ChatOpenAI } from '@langchain/openai'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { generateText, streamText } from 'ai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import OpenAI6 from 'openai-6'

export interface ZooPlace {
  readonly url: string
  readonly key: string
}

/** A client without streams of its own: an agent, say. */
export interface AskingClient {
  readonly name: string
  readonly version: string
  /** Sends one prompt, with the retries that its users get; gives the answer or throws what its users see. */
  readonly ask: (place: ZooPlace, text: string) => Promise<string>
  /** Sends 503 again by itself. */
  readonly retries: boolean
}

export interface ZooClient extends AskingClient {
  /** The same as a stream, read to its end. */
  readonly stream: (place: ZooPlace, text: string) => Promise<string>
}

const versionOf = (name: string): string => {
  const root = join(import.meta.dirname, '..', '..', 'node_modules')
  const text = readFileSync(`${root}/${name}/package.json`, 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

const user = (content: string) => [{ role: 'user' as const, content }]

function openai(Client: typeof OpenAI): ZooClient['ask'] {
  return async ({ url, key }, text) => {
    const client = new Client({ apiKey: key, baseURL: `${url}/openai/v1` })
    const answer = await client.chat.completions.create({ model: 'echo', messages: user(text) })
    return answer.choices[0]?.message.content ?? ''
  }
}

function openaiStream(Client: typeof OpenAI): ZooClient['stream'] {
  return async ({ url, key }, text) => {
    const client = new Client({ apiKey: key, baseURL: `${url}/openai/v1` })
    const messages = user(text)
    const stream = await client.chat.completions.create({ model: 'echo', stream: true, messages })
    return joined(stream, (event) => event.choices[0]?.delta.content ?? '')
  }
}

function anthropicStream(Client: typeof Anthropic): ZooClient['stream'] {
  return async ({ url, key }, text) => {
    const client = new Client({ apiKey: key, baseURL: `${url}/anthropic` })
    const messages = user(text)
    const stream = await client.messages.create({
      model: 'echo',
      max_tokens: 64,
      stream: true,
      messages,
    })
    return joined(stream, (event) =>
      event.type === 'content_block_delta' && event.delta.type === 'text_delta'
        ? event.delta.text
        : '',
    )
  }
}

async function joined<Event>(
  events: AsyncIterable<Event>,
  textOf: (event: Event) => string,
): Promise<string> {
  let text = ''
  for await (const event of events) text += textOf(event)
  return text
}

function bedrockAt({ url, key }: ZooPlace): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${url}/bedrock`,
    token: { token: key },
    authSchemePreference: ['httpBearerAuth'],
    requestHandler: new NodeHttpHandler(),
  })
}

function anthropic(Client: typeof Anthropic): ZooClient['ask'] {
  return async ({ url, key }, text) => {
    const client = new Client({ apiKey: key, baseURL: `${url}/anthropic` })
    const answer = await client.messages.create({
      model: 'echo',
      max_tokens: 64,
      messages: user(text),
    })
    return answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  }
}

export const ZOO: readonly ZooClient[] = [
  {
    name: 'openai',
    version: versionOf('openai'),
    ask: openai(OpenAI),
    stream: openaiStream(OpenAI),
    retries: true,
  },
  {
    name: 'openai',
    version: versionOf('openai-6'),
    ask: openai(OpenAI6 as unknown as typeof OpenAI),
    stream: openaiStream(OpenAI6 as unknown as typeof OpenAI),
    retries: true,
  },
  {
    name: '@anthropic-ai/sdk',
    version: versionOf('@anthropic-ai/sdk'),
    ask: anthropic(Anthropic),
    stream: anthropicStream(Anthropic),
    retries: true,
  },
  {
    name: '@anthropic-ai/sdk',
    version: versionOf('anthropic-sdk-0'),
    ask: anthropic(Anthropic0 as unknown as typeof Anthropic),
    stream: anthropicStream(Anthropic0 as unknown as typeof Anthropic),
    retries: true,
  },
  {
    name: '@google/genai',
    version: versionOf('@google/genai'),
    retries: false,
    ask: async ({ url, key }, text) => {
      const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${url}/gemini` } })
      const answer = await client.models.generateContent({ model: 'echo', contents: text })
      return answer.text ?? ''
    },
    stream: async ({ url, key }, text) => {
      const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${url}/gemini` } })
      const stream = await client.models.generateContentStream({ model: 'echo', contents: text })
      return joined(stream, (event) => event.text ?? '')
    },
  },
  {
    name: '@aws-sdk/client-bedrock-runtime',
    version: versionOf('@aws-sdk/client-bedrock-runtime'),
    retries: true,
    ask: async (place, text) => {
      const client = bedrockAt(place)
      try {
        const messages = [{ role: 'user' as const, content: [{ text }] }]
        const answer = await client.send(new ConverseCommand({ modelId: 'echo', messages }))
        return answer.output?.message?.content?.[0]?.text ?? ''
      } finally {
        client.destroy()
      }
    },
    stream: async (place, text) => {
      const client = bedrockAt(place)
      try {
        const messages = [{ role: 'user' as const, content: [{ text }] }]
        const answer = await client.send(new ConverseStreamCommand({ modelId: 'echo', messages }))
        if (answer.stream === undefined) return ''
        return await joined(answer.stream, (event) => event.contentBlockDelta?.delta?.text ?? '')
      } finally {
        client.destroy()
      }
    },
  },
  {
    name: 'ai',
    version: versionOf('ai'),
    retries: true,
    ask: async ({ url, key }, text) => {
      const provider = createOpenAI({ apiKey: key, baseURL: `${url}/openai/v1` })
      return (await generateText({ model: provider.chat('echo'), prompt: text })).text
    },
    stream: async ({ url, key }, text) => {
      const provider = createOpenAI({ apiKey: key, baseURL: `${url}/openai/v1` })
      let failure: unknown = null
      const onError = ({ error }: { readonly error: unknown }): void => {
        failure = error
      }
      const { textStream } = streamText({ model: provider.chat('echo'), prompt: text, onError })
      const said = await joined(textStream, (part) => part)
      if (failure === null) return said
      throw failure instanceof Error ? failure : new Error(JSON.stringify(failure))
    },
  },
  {
    name: '@langchain/openai',
    version: versionOf('@langchain/openai'),
    retries: true,
    ask: async ({ url, key }, text) => {
      const model = new ChatOpenAI({
        apiKey: key,
        model: 'echo',
        configuration: { baseURL: `${url}/openai/v1` },
      })
      return (await model.invoke(text)).text
    },
    stream: async ({ url, key }, text) => {
      const model = new ChatOpenAI({
        apiKey: key,
        model: 'echo',
        configuration: { baseURL: `${url}/openai/v1` },
      })
      return joined(await model.stream(text), (part) => part.text)
    },
  },
  {
    name: 'ollama',
    version: versionOf('ollama'),
    retries: false,
    ask: async ({ url, key }, text) => {
      const client = new Ollama({
        host: `${url}/ollama`,
        headers: { authorization: `Bearer ${key}` },
      })
      return (await client.chat({ model: 'echo', messages: user(text) })).message.content
    },
    stream: async ({ url, key }, text) => {
      const headers = { authorization: `Bearer ${key}` }
      const client = new Ollama({ host: `${url}/ollama`, headers })
      const stream = await client.chat({ model: 'echo', stream: true, messages: user(text) })
      return joined(stream, ({ message }) => message.content)
    },
  },
]
