/** The recorded moments of an answer as a film: idle stretches bounded, markers, what is shown at a position. Pure. */
import type { ReplayStep } from '../../api/content.ts'
import { formatDuration } from '../../ui/format.ts'

export interface Marker {
  readonly kind: 'first-byte' | 'tool-call' | 'mask' | 'error' | 'end' | 'turn' | 'finding' | 'hold'
  readonly label: string
  /** Position in the film, in milliseconds. */
  readonly atMs: number
}

/** What a player needs to know of what it plays. */
export interface Playable {
  /** Ascending: at each of them something new is to be seen. */
  readonly positions: readonly number[]
  readonly lengthMs: number
  readonly markers: readonly Marker[]
}

/** The positions are as recorded where no idle stretch was cut. */
export interface Timeline extends Playable {
  readonly steps: readonly ReplayStep[]
}

/** `idleMs` null plays every pause as long as it was. */
export function makeTimeline(
  steps: readonly ReplayStep[],
  durationMs: number,
  idleMs: number | null,
  heldMs = 0,
): Timeline {
  const positions: number[] = []
  let position = 0
  let recorded = 0
  const advance = (toMs: number): void => {
    const gap = Math.max(0, toMs - recorded)
    position += idleMs === null ? gap : Math.min(gap, idleMs)
    recorded = Math.max(recorded, toMs)
  }
  for (const step of steps) {
    advance(step.atMs)
    positions.push(position)
  }
  advance(durationMs)
  const markers = markersOf(steps, positions, position)
  // People are asked before anything is sent: the wait is the beginning of the film.
  if (heldMs > 0)
    markers.unshift({ kind: 'hold', label: `Held ${formatDuration(heldMs)}`, atMs: 0 })
  return { steps, positions, lengthMs: position, markers }
}

function markersOf(
  steps: readonly ReplayStep[],
  positions: readonly number[],
  lengthMs: number,
): Marker[] {
  const markers: Marker[] = []
  const seen = new Set<number>()
  for (const [at, step] of steps.entries()) {
    const atMs = positions[at] ?? 0
    if (at === 0) markers.push({ kind: 'first-byte', label: 'First byte', atMs })
    if (step.masks > 0) {
      const label = step.masks === 1 ? 'Mask' : `${step.masks} masks`
      markers.push({ kind: 'mask', label, atMs })
    }
    if (step.findings > 0) {
      const label = step.findings === 1 ? 'Finding' : `${step.findings} findings`
      markers.push({ kind: 'finding', label, atMs })
    }
    for (const part of step.parts) {
      if (part.channel === 'error') markers.push({ kind: 'error', label: 'Error', atMs })
      if (part.channel !== 'tool-call' || seen.has(part.number)) continue
      seen.add(part.number)
      const label = part.name === '' ? 'Tool call' : `Tool call ${part.name}`
      markers.push({ kind: 'tool-call', label, atMs })
    }
  }
  if (steps.length > 0) markers.push({ kind: 'end', label: 'End', atMs: lengthMs })
  return markers
}

/** How many steps have arrived at the position. */
export function stepsAt(timeline: Playable, positionMs: number): number {
  let low = 0
  let high = timeline.positions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((timeline.positions[middle] ?? 0) <= positionMs) low = middle + 1
    else high = middle
  }
  return low
}

/** Position in the film of a moment of the exchange, and back. */
export function positionOf(timeline: Timeline, recordedMs: number): number {
  const { steps, positions, lengthMs } = timeline
  let at = 0
  while (at < steps.length && (steps[at]?.atMs ?? 0) <= recordedMs) at += 1
  const before = steps[at - 1]
  const start = before === undefined ? 0 : (positions[at - 1] ?? 0)
  const end = positions[at] ?? lengthMs
  return Math.min(end, start + Math.max(0, recordedMs - (before?.atMs ?? 0)))
}

export function recordedAt(timeline: Timeline, positionMs: number): number {
  const count = stepsAt(timeline, positionMs)
  const step = timeline.steps[count - 1]
  if (step === undefined) return positionMs
  return step.atMs + Math.max(0, positionMs - (timeline.positions[count - 1] ?? 0))
}

/** A moment for an address, in seconds. Rounded up: what arrived at that moment has arrived. */
export function formatMomentOf(atMs: number): string {
  return (Math.ceil(atMs) / 1_000).toFixed(3)
}

/** Milliseconds again, without the dust that a fraction leaves. */
export function readMomentOf(text: string): number {
  return Math.round(Number(text) * 1_000)
}

export interface Channel {
  readonly key: string
  readonly channel: ReplayStep['parts'][number]['channel']
  readonly name: string
  readonly text: string
}

interface Assembly {
  readonly count: number
  readonly channels: ReadonlyMap<string, Channel>
}

/** Puts channels together step by step; going back begins anew, going on adds only what is new. */
export function makeAssembler(steps: readonly ReplayStep[]): (count: number) => readonly Channel[] {
  let state: Assembly = { count: 0, channels: new Map() }
  return (count) => {
    if (count < state.count) state = { count: 0, channels: new Map() }
    if (count > state.count) {
      const channels = new Map(state.channels)
      for (const step of steps.slice(state.count, count)) addStep(channels, step)
      state = { count, channels }
    }
    return [...state.channels.values()]
  }
}

function addStep(channels: Map<string, Channel>, step: ReplayStep): void {
  for (const part of step.parts) {
    const key = `${part.channel} ${part.number}`
    const before = channels.get(key)
    channels.set(key, {
      key,
      channel: part.channel,
      name: part.name === '' ? (before?.name ?? '') : part.name,
      text: part.restart || before === undefined ? part.text : before.text + part.text,
    })
  }
}
