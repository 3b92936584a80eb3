/** The page of configuration keys, presets and variables, from the schema itself. */
import { z } from 'zod'
import { PRESETS } from '../../src/config/presets.ts'
import { allowedAt, bareSchemas, noteOf } from '../../src/config/schema-walk.ts'
import { configSchema } from '../../src/config/schema.ts'
import { cell, page, table } from './markdown.ts'

interface KeyRow {
  readonly path: string
  readonly schema: unknown
}

/** Every leaf and every section, in the order of the schema; `<name>` and `[]` stand for entries. */
export function configKeys(schema: unknown = configSchema, path = ''): readonly KeyRow[] {
  const below = (step: string): string => (path === '' ? step : `${path}.${step}`)
  const own = path === '' || /(?:<name>|\[\])$/.test(path) ? [] : [{ path, schema }]
  if (noteOf(schema) !== null) return own
  const inner = bareSchemas(schema).flatMap((bare) => {
    if (bare instanceof z.ZodObject) {
      return Object.entries(bare.shape).flatMap(([key, child]) => configKeys(child, below(key)))
    }
    if (bare instanceof z.ZodRecord) return configKeys(bare.valueType, below('<name>'))
    return bare instanceof z.ZodArray ? configKeys(bare.element, `${path}[]`) : []
  })
  return [...own, ...inner]
}

function defaultOf(schema: unknown): string {
  if (schema instanceof z.ZodOptional) return defaultOf(schema.unwrap())
  if (!(schema instanceof z.ZodPrefault)) return ''
  const value: unknown = schema.def.defaultValue
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '{}' || text === '[]' ? '' : `\`${text}\``
}

/** Also under the layers that defaults and optionality add. */
export function descriptionOf(schema: unknown): string {
  if (!(schema instanceof z.ZodType)) return ''
  if (schema.description !== undefined) return schema.description
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
    ? descriptionOf(schema.unwrap())
    : ''
}

export function configPage(): string {
  const keys = configKeys().map(({ path, schema }) => [
    `\`${path}\``,
    noteOf(schema) === null ? 'section' : cell(allowedAt(schema)),
    defaultOf(schema),
    cell(descriptionOf(schema)),
  ])
  const presets = Object.entries(PRESETS).map(([name, preset]) => [
    `\`${name}\``,
    preset.dialect,
    preset.baseUrl === null ? 'write `baseUrl`' : `\`${preset.baseUrl}\``,
    `\`${preset.credentialHeader}\``,
    preset.credentialEnv === null ? 'none' : `\`${preset.credentialEnv}\``,
  ])
  return page('Configuration', [
    'Custody reads `custody.yaml` from the working folder, or the file named by `--config` or `CUSTODY_CONFIG`. Tasks and an example: [guide](../guide/configuration.md). For editors: [JSON Schema](custody.schema.json). `custody config check` reports every problem at once.',
    'Durations are written `250ms`, `30s`, `5m`, `1h`, `7d`, sizes `64KiB`, `100MB`; a plain number is milliseconds or bytes. Every key can be set by a variable, `CUSTODY_SECTION__KEY`, for example `CUSTODY_LIMITS__FIRSTBYTEMS=5m`; the flags `--data`, `--listen`, `--admin` win over both. Unknown keys, duplicate keys, anchors and tags are refused.',
    '## Keys',
    table(['key', 'allowed', 'default', 'meaning'], keys),
    '## Presets',
    table(
      ['preset', 'dialect', 'base URL', 'credential header', 'variable read by default'],
      presets,
    ),
  ])
}
