/** Cuts an Anthropic request body into blocks: system parts, message parts, tools. */
import type { JsonScan } from '../../lib/json/scan.ts'
import { NONE } from '../../lib/json/tape.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { BlockRole, RequestReading, RequestView, Surface } from '../../model/dialect.ts'
import { CutList } from '../cut-list.ts'
import { parseLoose, textAt } from '../../lib/json/loose.ts'

/** Ids above this length are no ids. */
const LINK_CHARS_MAX = 512
/** How Claude Code wrote the id before it became JSON. */
const SESSION_SUFFIX = /_session_([0-9a-f-]{36})$/u

export function readAnthropicRequest(surface: Surface, scan: JsonScan): RequestReading {
  if (scan.kind === 'problem') return scan
  const { tape } = scan
  if (tape.kind(tape.root) !== 'object') {
    const message = 'the request body must be a JSON object'
    return { kind: 'problem', problem: { code: 'wrong-shape', offset: 0, message } }
  }
  const view =
    surface.name === 'anthropic.batches' ? viewBatch(tape) : viewAnthropicBody(tape, tape.root)
  return { kind: 'view', view }
}

/** Also reads the bodies that Vertex and Bedrock carry for Anthropic models. `body` is an object on the tape. */
export function viewAnthropicBody(tape: JsonTape, body: NodeRef): RequestView {
  const cuts = new CutList(tape)
  const toolNames: string[] = []
  cutBody(tape, body, cuts, toolNames)
  return {
    model: tape.text(tape.member(body, 'model')),
    stream: tape.boolean(tape.member(body, 'stream')) ?? false,
    blocks: cuts.spans(),
    toolNames,
    links: readLinks(tape, body),
  }
}

function viewBatch(tape: JsonTape): RequestView {
  const cuts = new CutList(tape)
  const toolNames: string[] = []
  let model: string | null = null
  const requests = tape.member(tape.root, 'requests')
  if (tape.kind(requests) === 'array') {
    for (const request of tape.children(requests)) {
      const params = tape.member(request, 'params')
      model ??= tape.text(tape.member(params, 'model'))
      cutBody(tape, params, cuts, toolNames)
    }
  }
  return {
    model,
    stream: false,
    blocks: cuts.spans(),
    toolNames: [...new Set(toolNames)],
    links: {},
  }
}

function cutBody(tape: JsonTape, body: NodeRef, cuts: CutList, toolNames: string[]): void {
  cuts.addEach(tape.member(body, 'system'), 'system')
  cuts.add(tape.member(body, 'prompt'), 'user')
  cutMessages(tape, tape.member(body, 'messages'), cuts)
  const tools = tape.member(body, 'tools')
  if (tape.kind(tools) !== 'array') return
  for (const tool of tape.children(tools)) {
    cuts.add(tool, 'tool-definition')
    const name = tape.text(tape.member(tool, 'name'))
    if (name !== null) toolNames.push(name)
  }
}

function cutMessages(tape: JsonTape, messages: NodeRef, cuts: CutList): void {
  if (tape.kind(messages) !== 'array') return
  for (const message of tape.children(messages)) {
    const role = messageRole(tape.text(tape.member(message, 'role')))
    const content = tape.member(message, 'content')
    if (tape.kind(content) !== 'array' || tape.firstChild(content) === NONE) {
      cuts.add(message, role)
      continue
    }
    for (const part of tape.children(content)) cuts.add(part, partRole(tape, part, role))
  }
}

function partRole(tape: JsonTape, part: NodeRef, role: BlockRole): BlockRole {
  const type = tape.text(tape.member(part, 'type')) ?? ''
  return type.endsWith('tool_result') ? 'tool' : role
}

function messageRole(role: string | null): BlockRole {
  switch (role) {
    case 'user':
    case 'assistant':
    case 'system':
      return role
    case null:
    default:
      return 'other'
  }
}

function readLinks(tape: JsonTape, body: NodeRef): Readonly<Record<string, string>> {
  const links: Record<string, string> = {}
  const put = (name: string, value: string | null): void => {
    if (value !== null && value !== '' && value.length <= LINK_CHARS_MAX) links[name] = value
  }
  const userId = tape.text(tape.member(tape.member(body, 'metadata'), 'user_id'))
  put('user_id', userId)
  if (userId !== null) {
    put(
      'session_id',
      textAt(parseLoose(userId), 'session_id') ?? SESSION_SUFFIX.exec(userId)?.[1] ?? null,
    )
  }
  const container = tape.member(body, 'container')
  put('container', tape.text(container) ?? tape.text(tape.member(container, 'id')))
  return links
}
