/**
 * How a process of Custody is started: by the door of the npm scripts, and by the benchmark in the same way.
 * An exchange leaves some hundred kilobytes of short-lived objects behind. In the 16 MB that V8 gives the young ones by
 * itself they are copied twice before they die: a tenth of all that an exchange costs.
 * V8 starts a full collection for every 64 MB that buffers take outside its heap, which the bodies of a thousand exchanges
 * do, however much of it lives on: a sixth of what an exchange costs. Counted with the heap they are allowed to grow in proportion.
 */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']
export const CUSTODY_FLAGS = [
  ...NODE_FLAGS,
  '--min-semi-space-size=32',
  '--max-semi-space-size=64',
  '--external-memory-accounted-in-global-limit',
]
