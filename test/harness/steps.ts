/** Counts what code does instead of how long it takes: entered blocks and called functions, as V8 itself counts them. */
import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { Session } from 'node:inspector/promises'

/** Functions are counted that are compiled from here on: import this before anything of what it counts runs. */
// Optimised code does not count its calls.
setFlagsFromString('--no-opt')
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

const OURS = ['/src/detect/', '/src/gateway/', '/src/dialects/', '/src/lib/'] as const

/**
 * Steps that `work` takes in files whose address has one of `places` in it. Loops inside of built-in functions are not
 * seen, except for the functions that they call.
 */
export async function stepsOf(
  work: () => unknown,
  places: readonly string[] = OURS,
): Promise<number> {
  await session.post('Profiler.takePreciseCoverage')
  await work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  let steps = 0
  for (const { url, functions } of result) {
    if (!places.some((place) => url.includes(place))) continue
    for (const { ranges } of functions) for (const { count } of ranges) steps += count
  }
  return steps
}

/** What a long text may cost more per character: what is held at once grows up to a bound. */
const GROWTH_MAX = 1.2

/** As many steps per character in the long text as in the costliest of the short ones. */
export async function assertFlat(
  work: (text: string) => unknown,
  textOf: (length: number) => string,
  { short, long }: { readonly short: readonly number[]; readonly long: number },
  places: readonly string[] = OURS,
): Promise<void> {
  const perCharacter = async (length: number): Promise<number> => {
    const text = textOf(length)
    return (await stepsOf(() => work(text), places)) / length
  }
  // States of the automaton are made once.
  await work(textOf(Math.max(...short)))
  let few = 0
  for (const length of short) few = Math.max(few, await perCharacter(length))
  const many = await perCharacter(long)
  assert.ok(few >= 1 && many >= 1, 'each character is looked at')
  assert.ok(many <= few * GROWTH_MAX, `${few} steps per character became ${many}`)
}
