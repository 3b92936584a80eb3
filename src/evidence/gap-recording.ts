/** The recording of a best-effort exchange that could not be opened: it keeps nothing, and says so. */
import type { Recording } from '../model/recorder.ts'

export const gapRecording: Recording = {
  gap: true,
  requestChunk: () => {},
  answerHead: () => {},
  answerChunk: () => {},
  durable: () => Promise.resolve(),
  pendingBytes: () => 0,
  onFailure: () => {},
  close: () => Promise.resolve(),
}
