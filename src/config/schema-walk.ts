/** Walks the schema by path: finds the leaf of a problem, the keys of a section, the note of a leaf. */
import { z } from 'zod'
import { leafNotes } from './schema-leaves.ts'
import type { LeafNote } from './schema-leaves.ts'

/** The schemas that remain when defaults, optionality and transformations are taken off; unions give several. */
export function bareSchemas(schema: unknown): readonly unknown[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return bareSchemas(schema.unwrap())
  }
  if (schema instanceof z.ZodPipe) return bareSchemas(schema.in)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => bareSchemas(option))
  return [schema]
}

/** The schema one step down, or null when there is no such key. */
export function childSchema(schema: unknown, step: PropertyKey): unknown {
  for (const bare of bareSchemas(schema)) {
    if (bare instanceof z.ZodObject && Object.hasOwn(bare.shape, step)) {
      return bare.shape[String(step)] ?? null
    }
    if (bare instanceof z.ZodRecord) return bare.valueType
    if (bare instanceof z.ZodArray && /^\d+$/.test(String(step))) return bare.element
  }
  return null
}

export function schemaAt(schema: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, step) => childSchema(at, step), schema)
}

/** Known keys of a section; empty for records, lists and leaves. */
export function knownKeys(schema: unknown): readonly string[] {
  return bareSchemas(schema).flatMap((bare) =>
    bare instanceof z.ZodObject ? Object.keys(bare.shape) : [],
  )
}

/** The note of a leaf, whichever layer of it carries the note. */
export function noteOf(schema: unknown): LeafNote | null {
  if (!(schema instanceof z.ZodType)) return null
  const note = leafNotes.get(schema)
  if (note !== undefined) return note
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return noteOf(schema.unwrap())
  }
  return schema instanceof z.ZodPipe ? noteOf(schema.in) : null
}

/** What may stand at a place, in words. */
export function allowedAt(schema: unknown): string {
  const note = noteOf(schema)
  if (note !== null) return note.allowed
  for (const bare of bareSchemas(schema)) {
    if (bare instanceof z.ZodObject) return `a section with ${Object.keys(bare.shape).join(', ')}`
    if (bare instanceof z.ZodRecord) return 'a section of named entries'
    if (bare instanceof z.ZodArray) return 'a list'
  }
  return 'nothing here'
}
