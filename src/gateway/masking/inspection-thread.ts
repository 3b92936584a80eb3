/** Looks into large new texts off the event loop, so that one long prompt does not hold up the streams of others. */
import { parentPort } from 'node:worker_threads'
import { compileRules } from '../../detect/compiled-rules.ts'
import type { CompiledRules, RuleSource } from '../../detect/compiled-rules.ts'
import { inspectValue, isEmpty } from './inspect-texts.ts'
import type { InspectionSettings, ValueInspection } from './inspect-texts.ts'
import { createMaskKeys } from './mask-keys.ts'
import type { IssuedToken } from './mask-keys.ts'
import { unpacked } from './packed-values.ts'
import type { PackedValues } from './packed-values.ts'

export type ThreadQuestion =
  | { readonly kind: 'rules'; readonly rulesId: number; readonly source: RuleSource }
  | {
      readonly kind: 'inspect'
      readonly id: number
      readonly rulesId: number
      readonly master: Uint8Array
      readonly scope: string
      readonly settings: InspectionSettings
      readonly values: PackedValues
    }

export type ThreadAnswer =
  /** Of the next values; with what was found where something was. */
  | {
      readonly kind: 'part'
      readonly id: number
      readonly count: number
      readonly found: readonly (readonly [nth: number, ValueInspection])[]
    }
  | { readonly kind: 'done'; readonly id: number; readonly tokens: readonly IssuedToken[] }
  | { readonly kind: 'failed'; readonly id: number }

/** Units of values that are answered in one message, so that the asking side has less to read at once. */
const PART_UNITS = 64 * 1024

const rules = new Map<number, CompiledRules>()

function answer(question: ThreadQuestion, say: (answer: ThreadAnswer) => void): void {
  if (question.kind === 'rules') {
    const compiled = compileRules(question.source)
    if (compiled.kind === 'compiled') rules.set(question.rulesId, compiled.rules)
    return
  }
  const { id, master, scope, settings, values } = question
  const known = rules.get(question.rulesId)
  if (known === undefined) {
    say({ kind: 'failed', id })
    return
  }
  const tokens: IssuedToken[] = []
  const keys = createMaskKeys(Buffer.from(master), scope, (token) => tokens.push(token))
  try {
    let found: (readonly [number, ValueInspection])[] = []
    let [count, units] = [0, 0]
    for (const value of unpacked(values)) {
      const inspection = inspectValue(known, keys, settings, value)
      if (!isEmpty(inspection)) found.push([count, inspection])
      count += 1
      units += value.raw.length
      if (units < PART_UNITS) continue
      say({ kind: 'part', id, count, found })
      found = []
      count = 0
      units = 0
    }
    if (count > 0) say({ kind: 'part', id, count, found })
    say({ kind: 'done', id, tokens })
  } catch {
    // The message of a fault could quote the text; the asking side fails closed without it.
    say({ kind: 'failed', id })
  }
}

parentPort?.on('message', (question: ThreadQuestion) => {
  answer(question, (said) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(said)
  })
})
