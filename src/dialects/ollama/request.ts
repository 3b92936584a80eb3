/** Reads an Ollama request body: model, stream flag, tools, and where it is cut into blocks. */
import type { JsonScan } from '../../lib/json/scan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { BlockRole, RequestReading, RequestView, Surface } from '../../model/dialect.ts'
import { CutList } from '../cut-list.ts'

/** Members without a rule of their own become blocks from this size on (schemas in `format`, token contexts). */
const LOOSE_BLOCK_BYTES = 256

const ROLES: Readonly<Record<string, BlockRole>> = {
  system: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
}

export function readRequest(surface: Surface, scan: JsonScan): RequestReading {
  if (scan.kind === 'problem') return scan
  return { kind: 'view', view: viewOf(surface, scan.tape) }
}

function viewOf(surface: Surface, tape: JsonTape): RequestView {
  const { root } = tape
  const cuts = new CutList(tape)
  if (tape.kind(root) === 'object')
    for (const member of tape.children(root)) cutMember(tape, cuts, member)
  else cuts.add(root, 'other')
  return {
    model: tape.text(tape.member(root, 'model')),
    // Chat and generate stream unless they are told not to.
    stream: surface.kind === 'generate' && tape.boolean(tape.member(root, 'stream')) !== false,
    blocks: cuts.spans(),
    toolNames: [...tape.children(tape.member(root, 'tools'))]
      .map((tool) => tape.text(tape.member(tape.member(tool, 'function'), 'name')))
      .filter((name) => name !== null),
    links: {},
  }
}

function cutMember(tape: JsonTape, cuts: CutList, member: NodeRef): void {
  if (tape.kind(member) === 'null') return
  switch (tape.keyOf(member) ?? '') {
    case 'messages':
      if (tape.kind(member) !== 'array') cuts.add(member, 'other')
      else for (const message of tape.children(member)) cuts.add(message, roleOf(tape, message))
      break
    case 'prompt':
    case 'suffix':
    case 'input':
    case 'images':
      cuts.addEach(member, 'user')
      break
    case 'system':
    case 'template':
      cuts.add(member, 'system')
      break
    case 'tools':
      cuts.addEach(member, 'tool-definition')
      break
    default:
      if (tape.end(member) - tape.start(member) >= LOOSE_BLOCK_BYTES) cuts.add(member, 'other')
  }
}

function roleOf(tape: JsonTape, message: NodeRef): BlockRole {
  const role = tape.text(tape.member(message, 'role')) ?? ''
  return Object.hasOwn(ROLES, role) ? (ROLES[role] ?? 'other') : 'other'
}
