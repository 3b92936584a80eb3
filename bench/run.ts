/** `npm run bench`: one run, one machine, ratios. Writes docs/reference/benchmarks.md. `--quick` takes a tenth of the load. */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crashRow } from './crash.ts'
import { conversationRows } from './conversation.ts'
import { syncLatency } from './disk.ts'
import { memoryRow } from './memory.ts'
import { partRows } from './parts.ts'
import { promptRows } from './prompts.ts'
import { startUpstream } from './processes.ts'
import { streamRows } from './streams.ts'
import { exchangeMicros, page } from './page.ts'

const here = dirname(fileURLToPath(import.meta.url))
if (!existsSync(join(here, 'node_modules'))) {
  process.stderr.write('bench: installing the peer gateway into bench/node_modules …\n')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: here,
    stdio: 'inherit',
  })
  if (result.status !== 0) throw new Error('npm ci in bench/ failed')
}

const scale = process.argv.includes('--quick') ? 0.1 : 1
const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

await using upstream = await startUpstream()
const disk = syncLatency()
say(`disk: fdatasync of 8 KiB p50 ${disk.p50Ms.toFixed(3)} ms`)
const prompts = await promptRows(upstream, scale, say)
const streams = await streamRows(upstream, scale, say)
const conversation = await conversationRows(upstream, scale, say)
const memory = await memoryRow(upstream, scale, say)
const crash = await crashRow(upstream, scale, say)
const parts = await partRows(exchangeMicros(prompts), say)
const text = page({
  disk,
  prompts,
  streams,
  conversation,
  memory,
  crash,
  parts,
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  scale,
})
process.stdout.write(text)
if (scale === 1) writeFileSync(join(here, '..', 'docs', 'reference', 'benchmarks.md'), text)
