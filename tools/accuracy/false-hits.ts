/** Looks for what the shipped detectors find in documentation and code: `node tools/accuracy/false-hits.ts <folder>… [--megabytes=12]`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shippedPacks } from '../../src/config/rule-files.ts'
import { compileRules } from '../../src/detect/compiled-rules.ts'
import { scanText } from '../../src/detect/matcher.ts'
import { SCAN_OPTIONS } from './scan-options.ts'
import { createDraw } from './values.ts'

const TEXTS =
  /\.(?:md|txt|rst|d\.ts|[cm]?[jt]sx?|json|ya?ml|toml|html|css|py|[ch]|hpp|sh|lock|go|rb|java|cfg|ini|conf|sql|xml|csv)$|^(?:LICENSE|README|CHANGELOG|copyright|NEWS)/
const FILE_UNITS_MAX = 120_000
const SHOWN = 8
const SEED = 12_345

const folders = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const megabytes = Number(/--megabytes=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 12)

const draw = createDraw(SEED)
const files = folders
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && TEXTS.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  .toSorted()
  .map((file) => ({ file, place: draw.below(1e9) }))
  .toSorted((a, b) => a.place - b.place)

const compiled = compileRules({
  documents: shippedPacks(),
  choice: { packs: ['strict'], without: [] },
  terms: null,
})
if (compiled.kind === 'problems') throw new Error(JSON.stringify(compiled.problems))

const hits = new Map<string, string[]>()
let units = 0
let scanned = 0
for (const { file } of files) {
  if (units >= megabytes * 1e6) break
  const text = readFileSync(file, 'utf8').slice(0, FILE_UNITS_MAX)
  units += text.length
  scanned += 1
  for (const { rule, entity, start, end } of scanText(compiled.rules.ruleset, text, SCAN_OPTIONS)
    .findings) {
    const name = `${entity} by ${rule}`
    const around = `${text.slice(Math.max(0, start - 50), start)}«${text.slice(start, end)}»${text.slice(end, end + 10)}`
    hits.set(name, [...(hits.get(name) ?? []), `${file}: ${JSON.stringify(around)}`])
  }
}

console.log(`${scanned} files, ${(units / 1e6).toFixed(1)} MB`)
for (const [name, places] of [...hits].toSorted((a, b) => b[1].length - a[1].length)) {
  console.log(`${name}: ${places.length}`)
  for (const place of places.slice(0, SHOWN)) console.log(`  ${place}`)
}
