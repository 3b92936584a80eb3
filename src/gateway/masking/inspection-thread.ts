/** Looks into large new texts off the event loop, so that one long prompt does not hold up the streams of others. */
import { parentPort } from 'node:worker_threads'
import { compileRules } from '../../detect/compiled-rules.ts'
import type { CompiledRules, RuleSource } from '../../detect/compiled-rules.ts'
import { inspectValue } from './inspect-texts.ts'
import type { InspectionSettings, RawValue, ValueInspection } from './inspect-texts.ts'
import { createMaskKeys } from './mask-keys.ts'
import type { IssuedToken } from './mask-keys.ts'

export type ThreadQuestion =
  | { readonly kind: 'rules'; readonly rulesId: number; readonly source: RuleSource }
  | {
      readonly kind: 'inspect'
      readonly id: number
      readonly rulesId: number
      readonly master: Uint8Array
      readonly scope: string
      readonly settings: InspectionSettings
      readonly values: readonly RawValue[]
    }

export type ThreadAnswer =
  | {
      readonly kind: 'inspected'
      readonly id: number
      readonly inspections: readonly ValueInspection[]
      readonly tokens: readonly IssuedToken[]
    }
  | { readonly kind: 'failed'; readonly id: number }

const rules = new Map<number, CompiledRules>()

function answer(question: ThreadQuestion): ThreadAnswer | null {
  if (question.kind === 'rules') {
    const compiled = compileRules(question.source)
    if (compiled.kind === 'compiled') rules.set(question.rulesId, compiled.rules)
    return null
  }
  const { id, master, scope, settings, values } = question
  const known = rules.get(question.rulesId)
  if (known === undefined) return { kind: 'failed', id }
  const tokens: IssuedToken[] = []
  const keys = createMaskKeys(Buffer.from(master), scope, (token) => tokens.push(token))
  try {
    const inspections = values.map((value) => inspectValue(known, keys, settings, value))
    return { kind: 'inspected', id, inspections, tokens }
  } catch {
    // The message of a fault could quote the text; the asking side fails closed without it.
    return { kind: 'failed', id }
  }
}

parentPort?.on('message', (question: ThreadQuestion) => {
  const said = answer(question)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  if (said !== null) parentPort?.postMessage(said)
})
