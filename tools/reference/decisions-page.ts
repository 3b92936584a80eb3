/** The index of the decision records, from their names and headings. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { page, table } from './markdown.ts'

const FOLDER = join(import.meta.dirname, '../../docs/decisions')

export function decisionsPage(): string {
  const rows = globSync(join(FOLDER, '0*.md'))
    .toSorted()
    .map((file) => {
      const [, number = '', title = ''] = /^# (\d+)\. (.+)/.exec(readFileSync(file, 'utf8')) ?? []
      return [number, `[${title}](${basename(file)})`]
    })
  return page('Decisions', [
    'Why the code is as it is, where that is not obvious from the code. A page is never rewritten: a later one supersedes it. Numbers are given out before the work; one that is not here was not needed.',
    table(['number', 'decision'], rows),
  ])
}
