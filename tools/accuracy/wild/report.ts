/** Measures the shipped detectors on formats and surroundings collected from public sources: a section of the page. */
import { scanText } from '../../../src/detect/matcher.ts'
import type { MatcherOptions } from '../../../src/detect/matcher.ts'
import type { Ruleset } from '../../../src/detect/ruleset.ts'
import { cell, table } from '../../reference/markdown.ts'
import { createDraw } from '../values.ts'
import { LOOK_ALIKES, PERSONAL } from './personal.ts'
import { formatTexts, lineTexts } from './wild-set.ts'
import type { WildSetName, WildText } from './wild-set.ts'

export interface Share {
  readonly name: string
  readonly found: number
  readonly all: number
}

export interface WildFormatsResult {
  readonly sets: Readonly<
    Record<WildSetName, { readonly formats: Share; readonly lines: Share; readonly options: Share }>
  >
  /** Of the set for which the rules were mended, the worst first. */
  readonly shapes: readonly Share[]
  readonly kinds: readonly Share[]
  readonly formatCount: number
  readonly personal: readonly (Share & { readonly wrong: number })[]
  readonly lookAlikes: readonly Share[]
}

const CHECKED = new Set(['EMAIL_ADDRESS', 'CREDIT_CARD', 'IBAN_CODE', 'US_SSN', 'CREDENTIAL'])
const PERSONAL_EACH = 12
const LOOK_ALIKE_EACH = 20
const PERSONAL_SEED = 4711

export function measureWildFormats(rules: Ruleset, options: MatcherOptions): WildFormatsResult {
  const mended = formatTexts('mended')
  const covered = coverageBy(rules, options)
  const shapes = covered(mended)
  const kinds = covered(lineTexts('mended'))
  return {
    sets: {
      mended: {
        formats: total(shapes),
        lines: total(kinds),
        options: total(covered(lineTexts('mended', 'options'))),
      },
      'held-out': {
        formats: total(covered(formatTexts('held-out'))),
        lines: total(covered(lineTexts('held-out'))),
        options: total(covered(lineTexts('held-out', 'options'))),
      },
    },
    shapes,
    kinds,
    formatCount: new Set(mended.map(({ format }) => format)).size,
    ...measurePersonal(rules, options),
  }
}

const total = (shares: readonly Share[]): Share => ({
  name: 'all',
  found: shares.reduce((sum, { found }) => sum + found, 0),
  all: shares.reduce((sum, { all }) => sum + all, 0),
})

/** By shape. A secret is found when findings cover all of it. */
function coverageBy(rules: Ruleset, options: MatcherOptions) {
  return (texts: readonly WildText[]): readonly Share[] => {
    const groups = new Map<string, { found: number; all: number }>()
    for (const one of texts) {
      const { findings } = scanText(rules, one.text, options)
      const group = groups.get(one.shape) ?? { found: 0, all: 0 }
      groups.set(one.shape, group)
      for (const [start, end] of one.secrets) {
        const reached = findings.reduce(
          (at, finding) => (finding.start <= at && finding.end > at ? finding.end : at),
          start,
        )
        group.all += 1
        if (reached >= end) group.found += 1
      }
    }
    return [...groups]
      .map(([name, share]) => ({ name, ...share }))
      .toSorted((a, b) => a.found / a.all - b.found / b.all)
  }
}

function measurePersonal(
  rules: Ruleset,
  options: MatcherOptions,
): Pick<WildFormatsResult, 'personal' | 'lookAlikes'> {
  const draw = createDraw(PERSONAL_SEED)
  const personal = PERSONAL.map(({ entity, values, texts }) => {
    let [found, all, wrong] = [0, 0, 0]
    for (const shape of texts) {
      for (let round = 0; round < PERSONAL_EACH; round += 1) {
        const value = values(draw)
        const start = shape.indexOf('{}')
        const end = start + value.length
        const text = shape.replace('{}', () => value)
        const findings = scanText(rules, text, options).findings.filter((one) =>
          CHECKED.has(one.entity),
        )
        all += 1
        if (findings.some((one) => one.entity === entity && one.start <= start && one.end >= end))
          found += 1
        wrong += findings.filter((one) => one.end <= start || one.start >= end).length
      }
    }
    return { name: entity, found, all, wrong }
  })
  const lookAlikes = Object.entries(LOOK_ALIKES).map(([name, write]) => {
    const texts = Array.from({ length: LOOK_ALIKE_EACH }, () => write(draw))
    const found = texts.filter((text) =>
      scanText(rules, text, options).findings.some((one) => CHECKED.has(one.entity)),
    ).length
    return { name, found, all: texts.length }
  })
  return { personal, lookAlikes }
}

const rate = ({ found, all }: { readonly found: number; readonly all: number }): string =>
  all === 0 ? '-' : (found / all).toFixed(3)

/** Run by hand with `tools/accuracy/false-hits.ts`: the texts are on every developer's machine, not in the repository. */
const FALSE_HITS = {
  measured: '30 November 2026',
  rows: [
    [
      'packages of `node_modules` (TypeScript, JavaScript, Markdown, JSON, CSS)',
      '12.0',
      '1,959',
      '2 (the password of an example, twice)',
    ],
    [
      'C and C++ headers, Python, manuals and licences of a Debian system',
      '14.0',
      '1,111',
      '4 (two of them values of examples)',
    ],
    [
      'Python and Perl libraries and cloud tools, looked at only after the mending',
      '12.1',
      '811',
      '7 (five by the word `pat` in `PATH`, mended since)',
    ],
  ],
} as const

export function wildFormatsSection(result: WildFormatsResult): readonly string[] {
  const { mended, 'held-out': held } = result.sets
  const hits = result.lookAlikes.filter(({ found }) => found > 0)
  const sum = result.lookAlikes.reduce((all, one) => all + one.all, 0)
  const wrong = result.lookAlikes.reduce((all, one) => all + one.found, 0)
  return [
    '## Formats and surroundings from public sources',
    `What others call a credential: documentation of providers, public rule sets and their test vectors (gitleaks, betterleaks, Nosey Parker, Kingfisher, CredSweeper, detect-secrets, Presidio) were read for facts, and the facts written down as \`tools/accuracy/wild\`: ${result.formatCount} names with the form of their values, ${result.shapes.length} surroundings, and lines of chats, commands, files, code, headers, logs, SQL and URLs. Values are drawn at random, nothing is copied. The rules were mended for the first set. The second was written afterwards, with other names and other lines, and nothing was mended for it. Before is what the detectors found until then.`,
    table(
      ['set', 'texts', 'recall', 'before'],
      [
        [
          'formats, rules mended for them',
          String(mended.formats.all),
          rate(mended.formats),
          '0.850',
        ],
        ['lines, rules mended for them', String(mended.lines.all), rate(mended.lines), '0.756'],
        ['formats, held out', String(held.formats.all), rate(held.formats), '0.787'],
        ['lines, held out', String(held.lines.all), rate(held.lines), '0.770'],
        [
          'commands of tools with a password option, rules mended for them',
          String(mended.options.all),
          rate(mended.options),
          '0.418',
        ],
        [
          'commands of tools with a password option, held out',
          String(held.options.all),
          rate(held.options),
          '0.633',
        ],
      ],
    ),
    'A secret counts as found when findings cover all of it. The worst surroundings and kinds of lines of the first set:',
    table(
      ['surrounding or kind', 'texts', 'recall'],
      [...result.shapes.slice(0, 6), ...result.kinds.slice(0, 4)].map((one) => [
        cell(one.name),
        String(one.all),
        rate(one),
      ]),
    ),
    'Personal data in surroundings of their own; wrong are findings of these kinds, and credentials, beside the value:',
    table(
      ['entity', 'values', 'recall', 'wrong'],
      result.personal.map((one) => [
        `\`${one.name}\``,
        String(one.all),
        rate(one),
        String(one.wrong),
      ]),
    ),
    `Look-alikes (${result.lookAlikes.length} kinds: remotes, packages, digests, order and tracking numbers, timestamps, decimals, versions): ${wrong} of ${sum} have a finding of these kinds${hits.length === 0 ? '' : ` (${hits.map((one) => `${one.name}: ${one.found}`).join(', ')})`}.`,
    `False hits on documentation and code, all packs, looked at one by one (${FALSE_HITS.measured}, \`tools/accuracy/false-hits.ts\`); the rules were mended on samples of the first two:`,
    table(['texts', 'MB', 'files', 'wrong credentials'], FALSE_HITS.rows),
    'What is missed: words as secrets without a telling surrounding (`jwt.sign(payload, "monkey")`), a user and a password side by side without a label, passwords made of letters only behind a space, and lists of keys. What is masked and may not be: a number of thirteen digits that passes as an old Visa card (some EAN), `123-45-6789` and other well-formed social security numbers of examples: they cannot be told from real ones, so they are masked. Test cards are masked as cards, because they pass every check; the number that was printed on sample social security cards is not.',
  ]
}
