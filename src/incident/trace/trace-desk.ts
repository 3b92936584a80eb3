/** Tracing as the control plane sees it: asked off the event loop, nothing of the question kept. */
import type { TraceResult } from './trace-result.ts'

export interface TraceDesk {
  readonly trace: (text: string) => Promise<TraceResult>
  /** Whose contexts held a block, by its id; nothing where there is none. */
  readonly block: (id: string) => Promise<TraceResult>
  /** Keyed: tells equal texts, and nothing else of them. */
  readonly digest: (text: string) => string
}
