/** The JSON Schema of custody.yaml, for editors. */
import { z } from 'zod'
import { configSchema } from './schema.ts'

export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' })
  return { $schema, title: 'custody.yaml', ...schema }
}

/** As it is committed and printed: two spaces, final line break. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`
}
