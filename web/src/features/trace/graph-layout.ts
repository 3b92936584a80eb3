/** Lays exposure out as a graph: who sent, in which conversation, to which model, and back to whom. */
import type { Exposure } from '../../api/trace.ts'

export type Side = 'principal' | 'conversation' | 'provider'

export interface GraphNode {
  readonly side: Side
  readonly value: string
  /** How many exchanges pass through it. */
  readonly exchanges: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface GraphEdge {
  readonly from: GraphNode
  readonly to: GraphNode
  /** `received` goes back from the provider. */
  readonly direction: Exposure['direction']
  readonly treatment: Exposure['treatment']
  readonly exchanges: number
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly width: number
  readonly height: number
}

const NODES_MAX = 8
const COLUMNS: Readonly<Record<Side, number>> = { principal: 0, conversation: 330, provider: 660 }
const NODE = { width: 220, height: 38, gap: 14 } as const
const REST = '\u0000rest'

/** A conversation that nobody declared is its exchange. */
export function conversationOf({ exchange }: Exposure): string {
  return exchange.conversation ?? exchange.id
}

export function providerOf({ exchange }: Exposure): string {
  return [exchange.upstream, exchange.model ?? ''].filter((text) => text !== '').join(' · ')
}

const VALUES: Readonly<Record<Side, (exposure: Exposure) => string>> = {
  principal: ({ exchange }) => exchange.principal || '(unknown)',
  conversation: conversationOf,
  provider: providerOf,
}

/** Stands for those that there is no room for. */
export function isRest(node: GraphNode): boolean {
  return node.value === REST
}

export function layOut(exposures: readonly Exposure[]): Graph {
  const columns = new Map<Side, Map<string, GraphNode>>()
  for (const side of ['principal', 'conversation', 'provider'] as const) {
    columns.set(side, column(side, exposures))
  }
  const nodeOf = (side: Side, exposure: Exposure): GraphNode | undefined => {
    const nodes = columns.get(side)
    return nodes?.get(VALUES[side](exposure)) ?? nodes?.get(REST)
  }
  const edges = new Map<string, GraphEdge>()
  for (const exposure of exposures) {
    const { direction, treatment } = exposure
    const stops = treatment === 'stopped' ? 1 : 2
    const path = [
      nodeOf('principal', exposure),
      nodeOf('conversation', exposure),
      nodeOf('provider', exposure),
    ].slice(0, stops + 1)
    for (let at = 0; at + 1 < path.length; at += 1) {
      const [from, to] = [path[at], path[at + 1]]
      if (from === undefined || to === undefined) continue
      const key = JSON.stringify([from.side, from.value, to.value, direction, treatment])
      const known = edges.get(key)
      edges.set(key, { from, to, direction, treatment, exchanges: (known?.exchanges ?? 0) + 1 })
    }
  }
  const nodes = [...columns.values()].flatMap((one) => [...new Set(one.values())])
  const height = nodes.reduce((most, node) => Math.max(most, node.y + node.height), 0)
  return { nodes, edges: [...edges.values()], width: COLUMNS.provider + NODE.width, height }
}

/** The most used first; the rest share one node. */
function column(side: Side, exposures: readonly Exposure[]): Map<string, GraphNode> {
  const counts = new Map<string, Set<string>>()
  for (const exposure of exposures) {
    const value = VALUES[side](exposure)
    counts.set(value, (counts.get(value) ?? new Set()).add(exposure.exchange.id))
  }
  const ranked = [...counts].toSorted((a, b) => b[1].size - a[1].size)
  const shown = ranked.length > NODES_MAX ? ranked.slice(0, NODES_MAX - 1) : ranked
  const rest = ranked.slice(shown.length)
  const entries = shown.map(([value, ids]) => [value, ids.size] as const)
  const all =
    rest.length === 0
      ? entries
      : [...entries, [REST, new Set(rest.flatMap(([, ids]) => [...ids])).size] as const]
  return new Map(
    all.map(([value, exchanges], place) => [
      value,
      {
        side,
        value,
        exchanges,
        x: COLUMNS[side],
        y: place * (NODE.height + NODE.gap),
        width: NODE.width,
        height: NODE.height,
      },
    ]),
  )
}
