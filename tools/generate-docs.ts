/** Writes the pages that come from the code; `--check` fails when one is out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configJsonSchemaText } from '../src/config/config-schema.ts'
import { apiPage } from './reference/api-page.ts'
import { detectorsPage } from './detector-accuracy.ts'
import { configPage } from './reference/config-page.ts'
import { decisionsPage } from './reference/decisions-page.ts'
import { errorsPage } from './reference/errors-page.ts'
import { policyJsonSchemaText } from '../src/config/policy/json-schema.ts'
import { metricsPage } from './reference/metrics-page.ts'
import { policyPage } from './reference/policy-page.ts'
import { reportPage } from './reference/report-page.ts'
import { queryPage } from './reference/query-page.ts'

interface Page {
  /** Below the repository. */
  readonly path: string
  readonly text: () => string
}

/** Add a page here; nothing else needs to know of it. */
const PAGES: readonly Page[] = [
  { path: 'docs/decisions/README.md', text: decisionsPage },
  { path: 'docs/reference/custody.schema.json', text: configJsonSchemaText },
  { path: 'docs/reference/api.md', text: apiPage },
  { path: 'docs/reference/config.md', text: configPage },
  { path: 'docs/reference/detectors.md', text: detectorsPage },
  { path: 'docs/reference/errors.md', text: errorsPage },
  { path: 'docs/reference/metrics.md', text: metricsPage },
  { path: 'docs/reference/policy.schema.json', text: policyJsonSchemaText },
  { path: 'docs/reference/policy.md', text: policyPage },
  { path: 'docs/reference/query.md', text: queryPage },
  { path: 'docs/reference/report.md', text: reportPage },
]

/** What the code says does not change while this process runs; measuring detectors takes seconds. */
const written = new Map<string, string>()

function textOf(page: Page): string {
  const text = written.get(page.path) ?? page.text()
  written.set(page.path, text)
  return text
}

function committed(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** Paths of pages below `root` whose text is not what the code says. */
export function stalePages(root: string): readonly string[] {
  return PAGES.filter((page) => committed(join(root, page.path)) !== textOf(page)).map(
    (page) => page.path,
  )
}

export function writePages(root: string): void {
  for (const page of PAGES) {
    const file = join(root, page.path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, textOf(page))
  }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  if (process.argv.includes('--check')) {
    const stale = stalePages(root)
    for (const path of stale) console.error(`error: ${path} is out of date`)
    if (stale.length > 0) {
      console.error('hint: npm run docs')
      process.exitCode = 1
    }
  } else {
    writePages(root)
  }
}
