/**
 * How a process of Custody is started: by the door of the npm scripts, and by the benchmark in the same way.
 * Young objects get all of their 16 MB from the start: V8 grows into it, and copies what lives for an exchange more often
 * until then. 64 MB spared a tenth of the CPU while an exchange left more behind; now they spare nothing that can be measured,
 * cost a hundred megabytes, and let one collection in two seconds stop every stream for longer.
 * (`--external-memory-accounted-in-global-limit` makes full collections rarer, and lets buffers that nobody needs pile up to gigabytes: measured,
 * it spares no CPU any more.)
 */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']
export const CUSTODY_FLAGS = [...NODE_FLAGS, '--min-semi-space-size=16', '--max-semi-space-size=16']
