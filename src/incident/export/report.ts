/** The report of a bundle: one HTML page that loads nothing and runs nothing, whatever was said in the exchanges. */
import type { BundleHead, BundleItem } from '../../evidence/bundle/manifest.ts'
import { escapedMarkup } from '../../lib/escaped-markup.ts'
import type { EvidenceEvent } from '../../model/record.ts'
import { visibleText } from '../../lib/visible-text.ts'
import type { ExportedExchange } from './exported-exchange.ts'

/** Threat: prompts are written by strangers. Nothing of them is markup, and no letter of them turns the text around. */
export function inert(text: string): string {
  return escapedMarkup(visibleText(text))
}

const STYLE = `
:root { color-scheme: light; --line: #d8dde3; --soft: #5b6570; --tint: #f5f7f9; }
body { font: 15px/1.5 system-ui, sans-serif; color: #14181d; margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; } p { margin: .4rem 0; } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; }
article { border: 1px solid var(--line); border-radius: 8px; margin: 1.25rem 0; break-inside: avoid-page; }
article > header { background: var(--tint); border-bottom: 1px solid var(--line); padding: .75rem 1rem; border-radius: 8px 8px 0 0; }
article > div { padding: .75rem 1rem; }
pre { font: 13px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--tint); border-radius: 6px; padding: .75rem; margin: .4rem 0 .9rem; }
@media print { body { padding: 0; } article { border-radius: 0; } }
`

const TEXT_CHARS_MAX = 20_000

const utc = (ms: number): string =>
  `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC`

const terms = (rows: readonly (readonly [string, string])[]): string =>
  `<dl>${rows.map(([name, value]) => `<dt>${inert(name)}</dt><dd>${inert(value)}</dd>`).join('')}</dl>`

function textBlock(title: string, text: string): string {
  if (text === '') return ''
  const cut = text.length > TEXT_CHARS_MAX
  const note = cut ? `<p class="soft">Shortened here; the whole is in the bundle.</p>` : ''
  return `<h3>${inert(title)}</h3><pre>${inert(text.slice(0, TEXT_CHARS_MAX))}</pre>${note}`
}

export function reportHead(head: BundleHead): string {
  const { id, exhibit, exporter, reason, content, selection } = head
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>Evidence ${inert(exhibit === '' ? id : exhibit)}</title><style>${STYLE}</style></head><body>
<h1>Evidence bundle</h1>
<p class="soft">Made by Custody. Check the signature and the proofs before you rely on it: README.md says how.</p>
<h2>About this bundle</h2>
${terms([
  ['Bundle', id],
  ...(exhibit === '' ? [] : [['Exhibit', exhibit] as const]),
  ...(head.case === null ? [] : [['Case', head.case] as const]),
  ['Made', utc(head.createdAtMs)],
  ['By', `${exporter.login} (${exporter.roles.join(', ')}; ${exporter.authentication})`],
  ['Reason', reason],
  ['Selected', selection.query === null ? 'by exchange' : JSON.stringify(selection.query)],
  [
    'Content',
    content === 'raw'
      ? 'as it was recorded'
      : 'masked: letters and digits are replaced, lengths and structure kept',
  ],
])}
<h2>Exchanges</h2>
`
}

export function reportExchange(exchange: ExportedExchange): string {
  const { row, recorded, request, answer } = exchange
  const { principal, policy } = recorded.facts
  return `<article id="${inert(row.id)}"><header><h3>${inert(row.id)}</h3>
<p class="soft">${inert(utc(row.receivedAtMs))} · ${inert(row.principal || 'nobody known')} → ${inert(row.upstream)} ${inert(row.model ?? '')} · ${inert(row.outcome ?? row.state)}</p></header><div>
${terms([
  [
    'Caller',
    principal === null
      ? 'not known'
      : `${principal.id}, ${principal.kind}, proven by ${principal.method}`,
  ],
  ['Service', row.service],
  ['From', row.remoteAddress],
  ['Request', request.start],
  ['Status', String(row.status ?? 'none')],
  ['Policy in force', policy === '' ? 'none' : policy],
  ['Problems', recorded.problems.length === 0 ? 'none' : recorded.problems.join('; ')],
])}
${textBlock('Request', request.text)}
${textBlock('Answer', answer.text)}
</div></article>
`
}

export interface ReportEvent {
  readonly id: string
  readonly atMs: number
  readonly type: string
  readonly actor: string
  readonly details: EvidenceEvent['details']
}

export function reportTail(items: readonly BundleItem[], events: readonly ReportEvent[]): string {
  const absent = items.filter(({ state }) => state !== 'recorded')
  const rows = events.map(
    ({ atMs, type, actor, details }) =>
      `<tr><td>${inert(utc(atMs))}</td><td>${inert(type)}</td><td>${inert(actor || 'the gateway')}</td><td>${inert(String(details['reason'] ?? ''))}</td></tr>`,
  )
  return `${
    absent.length === 0
      ? ''
      : `<h2>Not in this bundle</h2><table><tr><th>Exchange</th><th>State</th><th>Why</th></tr>${absent
          .map(
            ({ exchange, state, why }) =>
              `<tr><td>${inert(exchange)}</td><td>${inert(state)}</td><td>${inert(why)}</td></tr>`,
          )
          .join('')}</table>`
  }
<h2>Chain of custody</h2>
<table><tr><th>When</th><th>What</th><th>Who</th><th>Why</th></tr>${rows.join('')}</table>
</body></html>
`
}
