/**
 * How many passages below the promise are found, by their length: `node bench/held-curve.ts` prints the table, `--page` puts it into
 * `docs/reference/trace.md`. The texts are source code and prose of this repository; time plays no part.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTracing } from '../src/app/open-tracing.ts'
import { createDraw, passageOf } from '../test/harness/passages.ts'
import type { ExchangeId } from '../src/lib/ids.ts'
import { chatBody, closingFacts, openingFacts, openTestEvidence } from '../test/harness/evidence.ts'

const LENGTHS = [24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80, 84, 88, 92, 96, 100]
const PASSAGES = 300
const TEXTS_MAX = 400
const ROOT = join(import.meta.dirname, '..')
const PAGE = join(ROOT, 'docs/reference/trace.md')
export const CURVE_BEGINS = '<!-- held-curve -->'
export const CURVE_ENDS = '<!-- /held-curve -->'

export async function heldCurve(): Promise<string> {
  const draw = createDraw(20_261_130)
  const texts = globSync('{src,docs,web/src,test}/**/*.{ts,md,tsx,css}', { cwd: ROOT })
    .toSorted()
    .map((file) => readFileSync(join(ROOT, file), 'utf8').slice(0, 12_000))
    .filter((text) => text.length > 2_000)
    .slice(0, TEXTS_MAX)
  const folder = await mkdtemp(join(tmpdir(), 'custody-bench-curve-'))
  try {
    await using to = await openTestEvidence(folder)
    const ids: ExchangeId[] = []
    for (const text of texts) {
      const facts = openingFacts()
      ids.push(facts.id)
      const body = { kind: 'whole', ...chatBody([{ role: 'user', text }]) } as const
      const recording = await to.evidence.recorder.open({ facts, body })
      await recording.close(closingFacts())
    }
    await to.evidence.flush()
    const storage = { kind: 'sqlite', folder } as const
    await using tracing = await openTracing({ folder, storage }, to.store, () => '')
    await tracing.catchUp(() => false)
    const rows: string[] = []
    for (const units of LENGTHS) {
      let found = 0
      let falsely = 0
      for (let tried = 0; tried < PASSAGES;) {
        const at = draw(texts.length)
        const taken = passageOf(texts[at] ?? '', units, draw)
        if (taken === null) continue
        tried += 1
        const { exposures, hits } = await tracing.tracer.trace(taken)
        if (exposures.some(({ row }) => row.id === ids[at])) found += 1
        falsely += hits.filter(({ spans }) => spans.length === 0).length
      }
      rows.push(`| ${units} | ${((100 * found) / PASSAGES).toFixed(1)} % | ${falsely} |`)
    }
    return [
      `| units | found of ${PASSAGES} | shown that do not stand there |`,
      '|---|---|---|',
      ...rows,
    ].join('\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const table = await heldCurve()
  process.stdout.write(`${table}\n`)
  const page = readFileSync(PAGE, 'utf8')
  const [before, after] = [page.indexOf(CURVE_BEGINS), page.indexOf(CURVE_ENDS)]
  if (process.argv.includes('--page'))
    writeFileSync(PAGE, `${page.slice(0, before)}${CURVE_BEGINS}\n${table}\n\n${page.slice(after)}`)
}
