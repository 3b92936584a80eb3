/** Checks that the blocks of a request are exact pieces of its bytes: ascending, apart, each one JSON value. */
import assert from 'node:assert/strict'
import type { BlockSpan, RequestReading, RequestView } from '../../src/model/dialect.ts'

/** Text of each block, with its role, after checking all spans. */
export function exactBlocks(
  body: Buffer,
  blocks: readonly BlockSpan[],
): readonly [string, string][] {
  let last = 0
  return blocks.map(({ start, end, role }) => {
    assert.ok(
      start >= last && end > start && end <= body.length,
      `span ${start}..${end} after ${last}`,
    )
    last = end
    const text = body.toString('utf8', start, end)
    assert.doesNotThrow(() => JSON.parse(text), text)
    return [role, text]
  })
}

export function viewOf(reading: RequestReading): RequestView {
  assert.equal(reading.kind, 'view', JSON.stringify(reading))
  if (reading.kind !== 'view') throw new assert.AssertionError({ message: 'no view' })
  return reading.view
}

/** Any split of any bytes may be given to a reader; this feeds a follower byte groups of one size. */
export function pushAll(
  follower: { readonly push: (chunk: Buffer) => number },
  bytes: Buffer,
  step: number,
): number {
  let released = 0
  for (let at = 0; at < bytes.length; at += step) {
    const next = follower.push(bytes.subarray(at, at + step))
    assert.ok(next >= released && next <= Math.min(at + step, bytes.length))
    released = next
  }
  return released
}
