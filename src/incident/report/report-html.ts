/** A report as one HTML file that opens without network and runs nothing. */
import { inert } from '../export/report.ts'
import type { ReportDocument, ReportSection } from './document.ts'

const STYLE = `
body { font: 14px/1.5 system-ui, sans-serif; color: #1a2029; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0.5rem 0 0; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 1.5rem 0 0.3rem; }
.marking { display: inline-block; background: #000; color: #fff; font: 12px/1 monospace; padding: 4px 8px; }
dl { display: grid; grid-template-columns: 12rem 1fr; gap: 2px 12px; margin: 0; } dt { color: #59636f; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 12px; } th, td { text-align: left; vertical-align: top; padding: 4px 8px; border-bottom: 1px solid #e0e4ea; overflow-wrap: anywhere; }
p { white-space: pre-wrap; margin: 0.3rem 0; overflow-wrap: anywhere; } .annex { break-before: page; }
`

export function reportHtml(report: ReportDocument): string {
  const title = inert(report.title)
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    // Threat: what people typed must stay text, whatever renders it.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head><body>`,
    `<p class="marking">${inert(report.marking)}</p><h1>${title}</h1><p>${inert(report.subtitle)}</p>`,
    ...report.summary.map(sectionHtml),
    '<h2 class="annex">Technical annex</h2>',
    ...report.annex.map(sectionHtml),
    `<p class="marking">${inert(report.marking)}</p></body></html>`,
  ].join('\n')
}

function sectionHtml({ title, facts, paragraphs, table }: ReportSection): string {
  const parts = [`<h3>${inert(title)}</h3>`]
  if (facts.length > 0)
    parts.push(
      `<dl>${facts.map(([name, value]) => `<dt>${inert(name)}</dt><dd>${inert(value)}</dd>`).join('')}</dl>`,
    )
  parts.push(...paragraphs.map((text) => `<p>${inert(text)}</p>`))
  if (table !== null && table.rows.length > 0) {
    const head = table.head.map((cell) => `<th scope="col">${inert(cell)}</th>`).join('')
    const rows = table.rows.map(
      (row) => `<tr>${row.map((cell) => `<td>${inert(cell)}</td>`).join('')}</tr>`,
    )
    parts.push(`<table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`)
  }
  return parts.join('\n')
}
