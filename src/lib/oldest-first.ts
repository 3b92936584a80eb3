/** Names what a map or set has held longest, without looking past what was deleted before it. */

/**
 * Each call gives the oldest key that was not given yet, and the caller deletes it; undefined when there is none. A new
 * iterator would begin at the slots of all keys deleted since the table was last made: ten microseconds at twenty thousand.
 */
export function oldestFirst<Key>(
  held: ReadonlyMap<Key, unknown> | ReadonlySet<Key>,
): () => Key | undefined {
  let keys: Iterator<Key, undefined> = held.keys()
  return () => {
    let step = keys.next()
    if (step.done === true) {
      // An iterator that has ended does not see what is added later.
      keys = held.keys()
      step = keys.next()
    }
    return step.done === true ? undefined : step.value
  }
}
