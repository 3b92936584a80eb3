import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { configJsonSchema } from './config-schema.ts'
import { loadConfig } from './load.ts'
import { noteOf } from './schema-walk.ts'
import { configSchema } from './schema.ts'

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

test('every key of the JSON Schema is described and every section is closed', () => {
  const faults: string[] = []
  const visit = (schema: unknown, path: string): void => {
    if (!isRecord(schema)) return
    const properties = isRecord(schema['properties']) ? schema['properties'] : {}
    if (isRecord(schema['properties']) && schema['additionalProperties'] !== false) {
      faults.push(`${path} is open`)
    }
    for (const [key, child] of Object.entries(properties)) {
      const described =
        isRecord(child) && typeof child['description'] === 'string' && child['description'] !== ''
      if (!described) faults.push(`${path}.${key} has no description`)
      visit(child, `${path}.${key}`)
    }
    visit(schema['additionalProperties'], `${path}.<name>`)
    visit(schema['items'], `${path}[]`)
  }
  visit(configJsonSchema(), '')
  assert.deepEqual(faults, [])
})

test('nothing is required at the top, since everything has a default', () => {
  assert.equal(configJsonSchema()['required'], undefined)
})

test('every limit and every recording time says why', () => {
  for (const section of [configSchema.shape.limits, configSchema.shape.recording]) {
    for (const [key, leaf] of Object.entries(section.unwrap().shape)) {
      if (key !== 'mode') assert.notEqual(noteOf(leaf)?.why ?? '', '', key)
      assert.ok(leaf instanceof z.ZodPrefault, key)
    }
  }
})

test('every example of the guide loads', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guide/configuration.md'), 'utf8')
  const examples = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
  assert.ok(examples.length >= 3)
  const folder = mkdtempSync(join(tmpdir(), 'custody-guide-'))
  try {
    for (const [index, example] of examples.entries()) {
      const file = join(folder, `${index}.yaml`)
      writeFileSync(file, example)
      const env = {
        OPENAI_API_KEY: 'a',
        ANTHROPIC_API_KEY: 'b',
        AWS_ACCESS_KEY_ID: 'c',
        AWS_SECRET_ACCESS_KEY: 'd',
        DATABASE_URL: 'postgres://u:p@localhost/custody',
      }
      const result = loadConfig({ file, env, workingFolder: folder })
      const problems = result.kind === 'problems' ? result.problems : []
      // The TLS example names files that only its reader has.
      assert.deepEqual(
        problems.filter(({ path }) => !path.startsWith('tls.')),
        [],
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
