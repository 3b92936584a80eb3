/** Reads an OpenAI request body: model, stream flag, tools, links, and where it is cut into blocks. */
import type { JsonScan } from '../../lib/json/scan.ts'
import { type JsonTape, NONE, type NodeRef } from '../../lib/json/tape.ts'
import type { BlockRole, RequestReading, RequestView, Surface } from '../../model/dialect.ts'
import { CutList } from '../cut-list.ts'

/** Members without a rule of their own become blocks from this size on; smaller ones stay in the skeleton. */
const LOOSE_BLOCK_BYTES = 256
const LINK_LENGTH_MAX = 1024
const LINKS_MAX = 32
const LINK_MEMBERS = [
  'previous_response_id',
  'prompt_cache_key',
  'user',
  'safety_identifier',
  'session_id',
]
const LINK_IN_METADATA = /^[\w-]*(?:session|conversation|thread|chat|turn|trace|user)[_-]?id$/iu

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
    model: surface.modelInPath ?? tape.text(tape.member(root, 'model')),
    stream: tape.boolean(tape.member(root, 'stream')) ?? false,
    blocks: cuts.spans(),
    toolNames: toolNames(tape),
    links: linksOf(tape),
  }
}

function cutMember(tape: JsonTape, cuts: CutList, member: NodeRef): void {
  switch (tape.keyOf(member) ?? '') {
    case 'messages':
    case 'input':
      return cutMessages(tape, cuts, member)
    case 'prompt':
      return cutTexts(tape, cuts, member, 'user')
    case 'instructions':
    case 'system':
      return cutTexts(tape, cuts, member, 'system')
    case 'suffix':
      return cutTexts(tape, cuts, member, 'user')
    case 'questions':
      return cutTexts(tape, cuts, member, 'other')
    case 'tools':
    case 'functions':
      return cutTexts(tape, cuts, member, 'tool-definition')
    default:
      if (tape.end(member) - tape.start(member) >= LOOSE_BLOCK_BYTES) cuts.add(member, 'other')
  }
}

/** Text, or a list of texts; a list of token numbers is one block. */
function cutTexts(tape: JsonTape, cuts: CutList, node: NodeRef, role: BlockRole): void {
  const kind = tape.kind(node)
  if (kind === 'null' || kind === 'boolean') return
  if (kind === 'array' && tape.kind(tape.firstChild(node)) === 'number') cuts.add(node, role)
  else cuts.addEach(node, role)
}

/** Chat messages or Responses items; for embeddings and moderations also plain texts. */
function cutMessages(tape: JsonTape, cuts: CutList, node: NodeRef): void {
  if (tape.kind(node) !== 'array' || tape.kind(tape.firstChild(node)) === 'number') {
    return cutTexts(tape, cuts, node, 'user')
  }
  for (const message of tape.children(node)) {
    const role = roleOf(tape, message)
    const parts = tape.member(message, 'content')
    if (tape.kind(parts) === 'array' && tape.firstChild(parts) !== NONE)
      cutParts(tape, cuts, message, role)
    else cuts.add(message, role)
  }
}

/** One block for each content part and each other member that carries content (tool calls, reasoning). */
function cutParts(tape: JsonTape, cuts: CutList, message: NodeRef, role: BlockRole): void {
  for (const member of tape.children(message)) {
    const key = tape.keyOf(member)
    const kind = tape.kind(member)
    if (key === 'content') cuts.addEach(member, role)
    else if (kind === 'array') cuts.addEach(member, role)
    else if (kind === 'object') cuts.add(member, role)
    else if (tape.end(member) - tape.start(member) >= LOOSE_BLOCK_BYTES) cuts.add(member, role)
  }
}

function roleOf(tape: JsonTape, message: NodeRef): BlockRole {
  const kind = tape.kind(message)
  if (kind === 'string' || kind === 'array') return 'user'
  switch (tape.text(tape.member(message, 'role'))) {
    case 'system':
    case 'developer':
      return 'system'
    case 'user':
      return 'user'
    case 'assistant':
      return 'assistant'
    case 'tool':
    case 'function':
      return 'tool'
    case null:
      return roleOfItem(tape.text(tape.member(message, 'type')) ?? '')
    default:
      return 'other'
  }
}

/** Responses items that carry no role say by their type who wrote them. */
function roleOfItem(type: string): BlockRole {
  if (type.endsWith('_output')) return 'tool'
  if (type.endsWith('_call') || type === 'reasoning' || type === 'compaction') return 'assistant'
  if (type === 'additional_tools' || type === 'mcp_list_tools') return 'tool-definition'
  return type.startsWith('input_') || type === 'text' || type === 'image_url' ? 'user' : 'other'
}

function toolNames(tape: JsonTape): readonly string[] {
  const names: string[] = []
  for (const key of ['tools', 'functions']) {
    for (const tool of tape.children(tape.member(tape.root, key))) nameTool(tape, tool, '', names)
  }
  return names
}

/** Tools of a namespace are named `<namespace>.<tool>`; built-in tools by their type. */
function nameTool(tape: JsonTape, tool: NodeRef, prefix: string, names: string[]): void {
  const textIn = (node: NodeRef, key: string): string | null => tape.text(tape.member(node, key))
  const name =
    textIn(tape.member(tool, 'function'), 'name') ??
    textIn(tape.member(tool, 'custom'), 'name') ??
    textIn(tool, 'name') ??
    textIn(tool, 'server_label') ??
    textIn(tool, 'type')
  if (name === null) return
  names.push(prefix + name)
  if (prefix !== '') return
  for (const inner of tape.children(tape.member(tool, 'tools')))
    nameTool(tape, inner, `${name}.`, names)
}

function linksOf(tape: JsonTape): Readonly<Record<string, string>> {
  const links: Record<string, string> = {}
  const keep = (name: string, node: NodeRef): void => {
    const text = tape.text(node)
    if (text === null || text === '' || text.length > LINK_LENGTH_MAX) return
    if (Object.keys(links).length < LINKS_MAX) links[name] = text
  }
  for (const name of LINK_MEMBERS) keep(name, tape.member(tape.root, name))
  const conversation = tape.member(tape.root, 'conversation')
  keep(
    'conversation',
    tape.kind(conversation) === 'object' ? tape.member(conversation, 'id') : conversation,
  )
  for (const parent of ['metadata', 'client_metadata']) {
    for (const member of tape.children(tape.member(tape.root, parent))) {
      const key = tape.keyOf(member)
      if (key !== null && LINK_IN_METADATA.test(key)) keep(`${parent}.${key.toLowerCase()}`, member)
    }
  }
  return links
}
