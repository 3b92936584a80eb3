/** The reference of the API as one page without scripts and without outside addresses. */
import { escapedMarkup } from '../lib/escaped-markup.ts'
import type { OpenApiDocument } from './openapi.ts'

export const REFERENCE_CSS = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; text-transform: capitalize; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; padding: 0.25rem 0; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { overflow: auto; padding: 0.75rem; border: 1px solid; border-radius: 4px; }
table { border-collapse: collapse; }
td, th { text-align: left; padding: 0.15rem 1rem 0.15rem 0; vertical-align: top; }
.method { display: inline-block; min-width: 4rem; font-weight: 600; }
`

const METHODS = ['get', 'post', 'patch', 'put', 'delete'] as const

export function referencePage(document: OpenApiDocument, cssPath: string): string {
  const groups = new Map<string, string[]>()
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method]
      if (operation === undefined) continue
      const group = operation.tags?.[0] ?? 'other'
      const parameters = [...(operation.parameters ?? [])].map((parameter) =>
        'name' in parameter
          ? `<tr><td><code>${escapedMarkup(parameter.name)}</code></td><td>${escapedMarkup(parameter.in)}</td><td>${escapedMarkup(parameter.description ?? descriptionOf(parameter.schema))}</td></tr>`
          : '',
      )
      const lines = [
        `<details><summary><span class="method">${method.toUpperCase()}</span> <code>${escapedMarkup(path)}</code> ${escapedMarkup(operation.summary ?? '')}</summary>`,
        `<p>${escapedMarkup(operation.description ?? '')}</p>`,
        ...(parameters.length === 0 ? [] : [`<table>${parameters.join('')}</table>`]),
        ...(operation.requestBody === undefined
          ? []
          : [
              `<p>Body</p><pre>${escapedMarkup(JSON.stringify(operation.requestBody, null, 2))}</pre>`,
            ]),
        `<p>Answers</p><pre>${escapedMarkup(JSON.stringify(successOf(operation.responses), null, 2))}</pre>`,
        '</details>',
      ]
      groups.set(group, [...(groups.get(group) ?? []), lines.join('\n')])
    }
  }
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<details><summary><code>${escapedMarkup(name)}</code></summary><pre>${escapedMarkup(JSON.stringify(schema, null, 2))}</pre></details>`,
  )
  const body = [...groups].map(
    ([group, lines]) => `<h2>${escapedMarkup(group)}</h2>\n${lines.join('\n')}`,
  )
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapedMarkup(document.info.title)}</title><link rel="stylesheet" href="${cssPath}"></head><body>`,
    `<h1>${escapedMarkup(document.info.title)} ${escapedMarkup(document.info.version)}</h1>`,
    `<p>${escapedMarkup(document.info.description ?? '')} The same as <a href="openapi.json">OpenAPI 3.1</a>.</p>`,
    ...body,
    `<h2>Schemas</h2>\n${schemas.join('\n')}`,
    '</body></html>',
  ].join('\n')
}

function successOf(responses: unknown): unknown {
  if (typeof responses !== 'object' || responses === null) return {}
  return Object.fromEntries(Object.entries(responses).filter(([status]) => status.startsWith('2')))
}

function descriptionOf(schema: unknown): string {
  return typeof schema === 'object' && schema !== null && 'description' in schema
    ? String(schema.description)
    : ''
}
