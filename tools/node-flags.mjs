/**
 * How a process of Custody is started: by the door of the npm scripts, and by the benchmark in the same way.
 * Young objects get all of their 16 MB from the start: V8 grows into it, and copies what lives for an exchange more often
 * until then. 64 MB spared a tenth of the CPU while an exchange left more behind; now they spare nothing that can be measured,
 * cost a hundred megabytes, and let one collection in two seconds stop every stream for longer.
 * V8 starts a full collection for every 64 MB that buffers take outside its heap, which the bodies of a thousand exchanges
 * do, however much of it lives on: a sixth of what an exchange costs. Counted with the heap they are allowed to grow in proportion.
 */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']
export const CUSTODY_FLAGS = [
  ...NODE_FLAGS,
  '--min-semi-space-size=16',
  '--max-semi-space-size=16',
  '--external-memory-accounted-in-global-limit',
]
