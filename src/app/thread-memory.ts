/** Keeps the threads beside the main one small: `tools/node-flags.mjs` gives the thread that serves callers room for its garbage. */
import { setFlagsFromString } from 'node:v8'

/** MiB of young objects of each thread that starts from now on; this thread has its own already. */
const YOUNG_MIB = { min: 2, max: 8 }

export function keepThreadsSmall(): void {
  setFlagsFromString(`--min-semi-space-size=${YOUNG_MIB.min}`)
  setFlagsFromString(`--max-semi-space-size=${YOUNG_MIB.max}`)
}
