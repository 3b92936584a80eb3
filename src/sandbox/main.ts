/** Runs the sandbox alone: prints one JSON line with its URL and serves until it is told to stop. */
import { parseArgs } from 'node:util'
import { startSandbox } from './start-sandbox.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    'no-record': { type: 'boolean', default: false },
  },
})

const sandbox = await startSandbox({
  port: Number(values.port),
  host: values.host,
  record: !values['no-record'],
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandbox[Symbol.asyncDispose]())
}

process.stdout.write(
  `${JSON.stringify({ url: sandbox.url, port: sandbox.port, pid: process.pid })}\n`,
)
