/** Measures how soon a gateway is ready again after kill -9 under load, per gigabyte that the killed run had written; `--page` writes docs/reference/recovery-speed.md. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EVIDENCE_LIMITS } from '../src/evidence/limits.ts'
import { NODE_FLAGS } from '../tools/node-flags.mjs'
import {
  chatBody,
  closingFacts,
  openTestEvidence,
  openingFacts,
  wholeBody,
} from '../test/harness/evidence.ts'
import { startCustody, startUpstream, usageOf, type Upstream } from './processes.ts'

const GB = 1e9
const CALLERS = 16
/** Begun before everything else and never ended: recovery has to find all that belongs to them. */
const OPEN = 32
/** Of ten exchanges one has a body of megabytes. */
const [LARGE_BYTES, SMALL_BYTES] = [8_000_000, 24_000]

const noise = (bytes: number): string =>
  randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes)

/** Records until it is killed; says once when so much is written. */
async function recordUntilKilled(folder: string, bytes: number): Promise<void> {
  await using opened = await openTestEvidence(folder, { limits: EVIDENCE_LIMITS })
  const { recorder } = opened.evidence
  const begin = (text: string) => {
    const { bytes: body, spans } = chatBody([{ role: 'user', text }])
    return recorder.open({ facts: openingFacts(), body: wholeBody(body, spans) })
  }
  const open = await Promise.all(Array.from({ length: OPEN }, () => begin(noise(2_000))))
  for (const one of open)
    one.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  const answers = async (): Promise<never> => {
    for (;;) {
      for (const one of open) one.answerChunk(Buffer.from(noise(500)), performance.now())
      await sleep(50)
    }
  }
  let written = 0
  let count = 0
  const caller = async (): Promise<never> => {
    for (;;) {
      count += 1
      const size = count % 10 === 0 ? LARGE_BYTES : SMALL_BYTES
      // A disk that is behind refuses; the load goes on.
      const recording = await begin(noise(size)).catch(() => null)
      if (recording === null) {
        await sleep(100)
        continue
      }
      recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
      recording.answerChunk(Buffer.from(noise(2_000)), performance.now())
      await recording.close(closingFacts({ answerBytes: 2_000 }))
      const before = written
      written += size
      if (before < bytes && written >= bytes) process.stdout.write('{"full":true}\n')
    }
  }
  await Promise.race([answers(), ...Array.from({ length: CALLERS }, caller)])
}

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)

async function recordAndKill(folder: string, gigabytes: number): Promise<void> {
  const flags = [...NODE_FLAGS, import.meta.filename, '--record', folder, String(gigabytes * GB)]
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', () => reject(new Error('it ended before it was killed')))
  })
  // In the middle of what it does.
  await sleep(700)
  child.kill('SIGKILL')
  await ended
}

interface Start {
  readonly wallMs: number
  readonly cpuMs: number
}

async function startOn(upstream: Upstream, folder: string): Promise<Start> {
  const begun = performance.now()
  const target = await startCustody(upstream, { folder })
  const wallMs = performance.now() - begun
  const cpuMs = usageOf(target.pid).cpuSeconds * 1000
  await target.kill()
  return { wallMs, cpuMs }
}

const least = (starts: readonly Start[]): Start => ({
  wallMs: Math.min(...starts.map(({ wallMs }) => wallMs)),
  cpuMs: Math.min(...starts.map(({ cpuMs }) => cpuMs)),
})

async function measured(gigabytes: number) {
  await using upstream = await startUpstream()
  const empty = await mkdtemp(join(tmpdir(), 'custody-recovery-empty-'))
  const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'custody-recovery-'))
  try {
    await recordAndKill(folder, gigabytes)
    const usual: Start[] = []
    for (let round = 0; round < 3; round += 1) usual.push(await startOn(upstream, empty))
    const base = least(usual)
    const written = bytesBelow(join(folder, 'segments')) / GB
    const after = await startOn(upstream, folder)
    return { written, base, after, again: await startOn(upstream, folder) }
  } finally {
    await rm(folder, { recursive: true, force: true })
    await rm(empty, { recursive: true, force: true })
  }
}

function page({ written, base, after, again }: Awaited<ReturnType<typeof measured>>): string {
  const row = (name: string, { wallMs, cpuMs }: Start): string =>
    `| ${name} | ${Math.round(wallMs)} ms | ${Math.round(cpuMs)} ms | ${Math.round((wallMs - base.wallMs) / written)} ms |`
  return `# Speed of recovery

Written by \`bench/recovery.ts --page\` on ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.version}. Budget: ready again in less than 1 s per gigabyte.

One run wrote ${written.toFixed(1)} GB of segments (prompts of ${SMALL_BYTES / 1000} KB, one in ten of ${LARGE_BYTES / 1e6} MB; ${OPEN} exchanges open from its beginning to its end) and was killed with SIGKILL under load.

| start | until ready | CPU | more than an empty folder, per gigabyte |
|---|---|---|---|
| an empty folder | ${Math.round(base.wallMs)} ms | ${Math.round(base.cpuMs)} ms | |
${row('after the kill', after)}
${row('once more', again)}

Recovery reads what was written behind the last note of open exchanges and behind the last position of the index, not the whole run.
`
}

const [, , command, folder, bytes] = process.argv
if (command === '--record') await recordUntilKilled(folder ?? '', Number(bytes))
else {
  const result = await measured(2.8)
  console.log(page(result))
  if (command === '--page')
    writeFileSync(new URL('../docs/reference/recovery-speed.md', import.meta.url), page(result))
}
