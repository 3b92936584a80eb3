/** Prints how fast the byte-span reader goes over agent bodies, beside JSON.parse on the same bytes. */
import { scanJson } from '../src/lib/json/scan.ts'

const limits = { depthMax: 128, elementsMax: 1_000_000 }
const LINES = [
  'export function readHead(bytes: Buffer, from: number): Head | null {',
  '  const end = bytes.indexOf("\\r\\n\\r\\n", from)',
  "  if (end < 0) return null // 'not yet'",
  'The test fails because the second chunk is released before the first is durable.',
  '\t\tcase "tool_use": blocks = append(blocks, block)',
  'drwxr-xr-x  4 user user   4096 Nov 22 09:14 src',
  'Grüße aus München: die Änderung ist geprüft — weiter mit Schritt 2 ✓',
]

function prose(bytes: number, seed: number): string {
  let text = ''
  for (let i = seed; text.length < bytes; i += 1) text += `${LINES[(i * 7) % LINES.length] ?? ''}\n`
  return text.slice(0, bytes)
}

function agentBody(bytesWanted: number, messageBytes: number): Buffer {
  const tools = Array.from({ length: 14 }, (_, i) => ({
    type: 'function',
    function: {
      name: `tool_${i}`,
      description: prose(600, i),
      parameters: {
        type: 'object',
        properties: {
          path: { type: 'string', description: 'Absolute path of the file to read' },
          limit: { type: 'integer', minimum: 1, maximum: 2000 },
          mode: { type: 'string', enum: ['read', 'write', 'append'] },
        },
        required: ['path'],
        additionalProperties: false,
      },
    },
  }))
  const messages: unknown[] = [{ role: 'system', content: prose(9000, 3) }]
  for (let i = 0, bytes = 0; bytes < bytesWanted - 25_000; i += 1, bytes += messageBytes) {
    if (i % 3 === 0)
      messages.push({ role: 'user', content: [{ type: 'text', text: prose(messageBytes, i) }] })
    else if (i % 3 === 1) {
      const call = {
        name: 'tool_1',
        arguments: JSON.stringify({
          path: '/srv/app/src/main.ts',
          text: prose(messageBytes / 2, i),
        }),
      }
      messages.push({
        role: 'assistant',
        content: null,
        tool_calls: [{ id: `call_${i}`, type: 'function', function: call }],
      })
    } else
      messages.push({
        role: 'tool',
        tool_call_id: `call_${i - 1}`,
        content: prose(messageBytes, i),
      })
  }
  return Buffer.from(
    JSON.stringify({ model: 'gpt-5', stream: true, messages, tools, temperature: 0.2 }),
  )
}

function megabytesPerSecond(bytes: number, run: () => void): number {
  for (let i = 0; i < 50; i += 1) run()
  let best = 0
  for (let round = 0; round < 7; round += 1) {
    const times = Math.max(5, Math.ceil(40_000_000 / bytes))
    const from = performance.now()
    for (let i = 0; i < times; i += 1) run()
    best = Math.max(best, (bytes * times) / 1000 / (performance.now() - from))
  }
  return best
}

const bodies: readonly (readonly [string, Buffer])[] = [
  ['agent 200 KB, 40 long messages', agentBody(200_000, 4400)],
  ['agent 200 KB, 250 short messages', agentBody(200_000, 700)],
  ['agent 10 KB tools and one message', agentBody(10_000, 1000)],
  ['agent 1 MB', agentBody(1_000_000, 3000)],
  [
    'one 1 MB base64 string',
    Buffer.from(JSON.stringify({ data: Buffer.alloc(750_000, 'abcdefgh').toString('base64') })),
  ],
  [
    'numbers (embedding, 200 KB)',
    Buffer.from(JSON.stringify(Array.from({ length: 12_000 }, (_, i) => Math.sin(i)))),
  ],
]
console.log(
  `${'body'.padEnd(36)}${'KB'.padStart(7)}${'scan MB/s'.padStart(12)}${'JSON.parse MB/s'.padStart(17)}${'ratio'.padStart(8)}`,
)
for (const [name, body] of bodies) {
  const scan = megabytesPerSecond(body.length, () => {
    if (scanJson(body, limits).kind !== 'tape') throw new Error('the benchmark body was refused')
  })
  const parse = megabytesPerSecond(body.length, () => {
    JSON.parse(body.toString('utf8'))
  })
  console.log(
    `${name.padEnd(36)}${(body.length / 1000).toFixed(0).padStart(7)}${scan.toFixed(0).padStart(12)}${parse.toFixed(0).padStart(17)}${(scan / parse).toFixed(1).padStart(8)}`,
  )
}
