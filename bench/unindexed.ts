/** A gateway as `custody up --json` starts it, but without the trace index. */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startApp } from '../src/app/app.ts'
import { configFor } from '../src/cli/load.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { data: text, listen: text, admin: text, config: text } })
const { config } = configFor(values)
await using app = await startApp(config, { indexes: false })
const ready = { proxyUrl: app.proxyUrl, key: app.starterKey, pid: process.pid }
process.stdout.write(`${JSON.stringify(ready)}\n`)
await once(process, 'SIGTERM')
