/** The JSON Schema of policy files, for editors. */
import { z } from 'zod'
import { policySchema } from './schema.ts'

function policyJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(policySchema, { io: 'input' })
  return { $schema, title: 'Custody policy', ...schema }
}

/** As it is committed and printed: two spaces, final line break. */
export function policyJsonSchemaText(): string {
  return `${JSON.stringify(policyJsonSchema(), null, 2)}\n`
}
