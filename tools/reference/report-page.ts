/** Writes docs/reference/report.md: which section of a report answers which field of the guidance. */
import { COVERAGE } from './report-coverage.ts'
import type { Covered } from './report-coverage.ts'

const SOURCES: Readonly<Record<Covered['framework'], string>> = {
  'NIST SP 800-61r3':
    'NIST SP 800-61 revision 3 (April 2025) answers incidents by the functions of the Cybersecurity Framework 2.0; these are those that a report has to do with.',
  'CoSAI AI IR 1.0':
    'The AI Incident Response Framework 1.0 of the Coalition for Secure AI (October 2025) names what must be known of each interaction with a model.',
}

export function reportPage(): string {
  const frameworks = [...new Set(COVERAGE.map(({ framework }) => framework))]
  return [
    '# The report of a case',
    '',
    'Written from `tools/reference/report-coverage.ts`; a test compares it with the sections of the report.',
    '',
    'A report has an executive page and a technical annex, as HTML and PDF: `GET /cases/{id}/report`, or *Report* in the console. It quotes what people wrote in the case and metadata of exchanges, never a prompt or an answer.',
    '',
    ...frameworks.flatMap((framework) => [
      `## ${framework}`,
      '',
      SOURCES[framework],
      '',
      '| field | asks | section of the report | besides |',
      '|---|---|---|---|',
      ...COVERAGE.filter((one) => one.framework === framework).map(
        ({ field, asks, sections, besides }) =>
          `| ${field} | ${asks} | ${sections.join(', ')} | ${besides} |`,
      ),
      '',
    ]),
  ].join('\n')
}
