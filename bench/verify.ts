/** Measures `custody verify` on a folder that it records once; `--page` writes docs/reference/verify-speed.md. What counts is CPU, so a busy machine does not spoil it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeDisk } from '../src/evidence/disk.ts'
import { openLocalKeyProvider } from '../src/evidence/key-provider.ts'
import { verifyFolder } from '../src/evidence/verify/verify-folder.ts'
import {
  chatBody,
  closingFacts,
  openTestEvidence,
  openingFacts,
  wholeBody,
} from '../test/harness/evidence.ts'

const MB = 1_000_000
const ROUNDS = 5
/** Of what each folder is made: bytes of new text in a prompt, of an answer, and so many exchanges. */
const FOLDERS = [
  {
    name: 'prompts of 24 KB, answers of 8 KB',
    blocks: 3,
    blockBytes: 8_000,
    answerBytes: 8_000,
    megabytes: 160,
  },
  {
    name: 'prompts of 2 KB, answers of 1 KB',
    blocks: 1,
    blockBytes: 2_000,
    answerBytes: 1_000,
    megabytes: 32,
  },
] as const
type Shape = (typeof FOLDERS)[number]

interface Row {
  readonly name: string
  readonly megabytes: number
  readonly records: number
  /** Per second of CPU time, all threads together. */
  readonly perCpuSecond: number
  readonly perSecond: number
}

/** Text that does not compress much, so that what is stored is what was sent. */
const noise = (bytes: number): string =>
  randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes)

async function recordFolder(folder: string, shape: Shape): Promise<void> {
  await using opened = await openTestEvidence(folder, {
    limits: { segmentBytesMax: 64 * MB, extentBytes: 4 * MB },
  })
  const { recorder } = opened.evidence
  const perExchange = shape.blocks * shape.blockBytes + shape.answerBytes
  const count = Math.ceil((shape.megabytes * MB) / (perExchange * 0.8))
  const one = async (): Promise<void> => {
    const blocks = Array.from({ length: shape.blocks }, () => ({
      role: 'user' as const,
      text: noise(shape.blockBytes),
    }))
    const { bytes, spans } = chatBody(blocks)
    const recording = await recorder.open({ facts: openingFacts(), body: wholeBody(bytes, spans) })
    recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
    recording.answerChunk(Buffer.from(noise(shape.answerBytes)), performance.now())
    await recording.close(closingFacts({ answerBytes: shape.answerBytes }))
  }
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1
      await one()
    }
  }
  await Promise.all(Array.from({ length: 64 }, worker))
}

async function measure(name: string, folder: string, open: boolean): Promise<Row> {
  const rates: { readonly cpu: number; readonly wall: number }[] = []
  let records = 0
  let bytes = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const cpu = process.cpuUsage()
    const start = performance.now()
    const report = await verifyFolder({
      disk: nodeDisk,
      folder,
      policy: null,
      known: [],
      provider: open ? await openLocalKeyProvider(join(folder, 'keys')) : null,
      nowS: Math.floor(Date.now() / 1000),
    })
    const { user, system } = process.cpuUsage(cpu)
    const wallS = (performance.now() - start) / 1000
    const faults = report.problems.filter(({ kind }) => kind !== 'silence')
    if (faults.length > 0)
      throw new Error(`the folder does not verify: ${JSON.stringify(faults[0])}`)
    records = report.records.verified
    bytes = report.segmentBytes
    rates.push({ cpu: bytes / MB / ((user + system) / 1e6), wall: bytes / MB / wallS })
  }
  // The first round reads the disk and compiles; the middle of the rest is taken.
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  const warm = rates.slice(1)
  return {
    name,
    megabytes: Math.round(bytes / MB),
    records,
    perCpuSecond: middle(warm.map(({ cpu }) => cpu)),
    perSecond: middle(warm.map(({ wall }) => wall)),
  }
}

function page(rows: readonly Row[]): string {
  const cells = rows.map(
    ({ name, megabytes, records, perCpuSecond, perSecond }) =>
      `| ${name} | ${megabytes} MB | ${records} | ${Math.round(perCpuSecond)} | ${Math.round(perSecond)} |`,
  )
  return `# Speed of verification

Written by \`bench/verify.ts --page\` on ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.version}. Budget: at least 200 MB of segments per second and core, without keys.

| folder | segments | records | MB per CPU second | MB per second |
|---|---|---|---|---|
${cells.join('\n')}

Verification without keys reads every byte once and hashes every frame; it decrypts nothing. \`--open\` decrypts opening and closing frames and checks what the log committed to.
`
}

const rows: Row[] = []
const base = join(tmpdir(), 'custody-bench-verify')
mkdirSync(base, { recursive: true })
for (const [at, shape] of FOLDERS.entries()) {
  const folder = join(base, `v2-${at}`)
  if (!existsSync(join(folder, 'recorded'))) {
    await recordFolder(folder, shape)
    writeFileSync(join(folder, 'recorded'), '')
  }
  rows.push(
    await measure(shape.name, folder, false),
    await measure(`${shape.name}, \`--open\``, folder, true),
  )
}
for (const { name, megabytes, perCpuSecond, perSecond } of rows)
  console.log(
    `${name.padEnd(48)}${megabytes} MB  ${perCpuSecond.toFixed(0)} MB per CPU second  ${perSecond.toFixed(0)} MB/s`,
  )
if (process.argv.includes('--page'))
  writeFileSync(new URL('../docs/reference/verify-speed.md', import.meta.url), page(rows))
