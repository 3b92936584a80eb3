/** The exposure as a picture of ours: principals, conversations, models, and what passed between them. */
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Exposure } from '../../api/trace.ts'
import { formatCount } from '../../ui/format.ts'
import { isRest, layOut } from './graph-layout.ts'
import type { GraphEdge, GraphNode } from './graph-layout.ts'
import classes from './trace.module.css'

const MARGIN = 8
const TITLES = [
  ['Principal', 0],
  ['Conversation', 330],
  ['Model', 660],
] as const
const HEAD = 26

interface ExposureGraphProps {
  readonly exposures: readonly Exposure[]
}

export function ExposureGraph({ exposures }: ExposureGraphProps) {
  const { nodes, edges, width, height } = layOut(exposures)
  const [least, most] = [HEAD + height + 2 * MARGIN, width + 2 * MARGIN]
  const principals = nodes.filter((node) => node.side === 'principal').length
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Graph of the exposure">
      <svg
        className={classes.graph}
        viewBox={`${-MARGIN} ${-MARGIN} ${most} ${least}`}
        role="img"
        aria-label={`${formatCount(exposures.length)} exposures of ${formatCount(principals)} principals; the list below says the same in words`}
      >
        {TITLES.map(([title, x]) => (
          <text key={title} x={x} y={10} className={classes.column}>
            {title}
          </text>
        ))}
        <g transform={`translate(0 ${HEAD})`}>
          {edges.map((edge) => (
            <Edge key={edgeName(edge)} edge={edge} />
          ))}
          {nodes.map((node) => (
            <Node key={`${node.side} ${node.value}`} node={node} />
          ))}
        </g>
      </svg>
    </div>
  )
}

function edgeName({ from, to, direction, treatment }: GraphEdge): string {
  return [from.side, from.value, to.value, direction, treatment].join(' ')
}

/** What was received curves below what was sent, so that both are seen. */
function Edge({ edge }: { readonly edge: GraphEdge }) {
  const { from, to, direction, treatment, exchanges } = edge
  const shift = direction === 'received' ? 7 : -4
  const [startX, startY] = [from.x + from.width, from.y + from.height / 2 + shift]
  const [endX, endY] = [to.x, to.y + to.height / 2 + shift]
  const middle = (startX + endX) / 2
  return (
    <path
      className={classes.edge}
      data-treatment={treatment}
      data-direction={direction}
      d={`M ${startX} ${startY} C ${middle} ${startY}, ${middle} ${endY}, ${endX} ${endY}`}
      strokeWidth={Math.min(9, 1.5 + Math.log2(exchanges + 1))}
    >
      <title>{`${direction} ${treatment}, ${formatCount(exchanges)} exchanges`}</title>
    </path>
  )
}

function Node({ node }: { readonly node: GraphNode }) {
  const name = isRest(node) ? 'others' : visibleLine(node.value, 200)
  return (
    <g transform={`translate(${node.x} ${node.y})`}>
      <title>{name}</title>
      <rect className={classes.node} width={node.width} height={node.height} rx={6} />
      <text x={12} y={16} className={classes.nodeName}>
        {shortened(name)}
      </text>
      <text x={12} y={31} className={classes.nodeCount}>
        {`${formatCount(node.exchanges)} ${node.exchanges === 1 ? 'exchange' : 'exchanges'}`}
      </text>
    </g>
  )
}

/** Ids are told apart by their ends. */
function shortened(name: string): string {
  const characters = Array.from(name)
  if (characters.length <= 22) return name
  return `${characters.slice(0, 11).join('')}…${characters.slice(-9).join('')}`
}
