/** Cuts a Gemini request body into blocks: parts of instructions and contents, function declarations. */
import type { JsonScan } from '../../lib/json/scan.ts'
import { NONE } from '../../lib/json/tape.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { BlockRole, RequestReading, RequestView, Surface } from '../../model/dialect.ts'
import { viewAnthropicBody } from '../anthropic/request.ts'
import { CutList } from '../cut-list.ts'

export function readGeminiRequest(surface: Surface, scan: JsonScan): RequestReading {
  if (scan.kind === 'problem') return scan
  const { tape } = scan
  if (tape.kind(tape.root) !== 'object') {
    const message = 'the request body must be a JSON object'
    return { kind: 'problem', problem: { code: 'wrong-shape', offset: 0, message } }
  }
  const view =
    surface.name === 'vertex.raw-predict'
      ? viewAnthropicBody(tape, tape.root)
      : new GeminiBody(tape).view()
  const model = surface.modelInPath ?? view.model
  return { kind: 'view', view: { ...view, model, stream: surface.streamInPath ?? view.stream } }
}

class GeminiBody {
  readonly #tape: JsonTape
  readonly #cuts: CutList
  readonly #toolNames: string[] = []

  constructor(tape: JsonTape) {
    this.#tape = tape
    this.#cuts = new CutList(tape)
  }

  view(): RequestView {
    const tape = this.#tape
    this.#cutBody(tape.root)
    const cached = tape.text(this.#member(tape.root, 'cachedContent', 'cached_content'))
    const model = tape.text(tape.member(tape.root, 'model'))
    return {
      model: model === null ? null : model.replace(/^models\//u, ''),
      stream: false,
      blocks: this.#cuts.spans(),
      toolNames: [...new Set(this.#toolNames)],
      links: cached === null || cached === '' ? {} : { cached_content: cached },
    }
  }

  /** The provider reads both spellings of every name (protobuf JSON). */
  #member(object: NodeRef, camelCase: string, snakeCase: string): NodeRef {
    const found = this.#tape.member(object, camelCase)
    return found === NONE ? this.#tape.member(object, snakeCase) : found
  }

  #cutBody(body: NodeRef): void {
    const tape = this.#tape
    for (const name of ['systemInstruction', 'system_instruction']) {
      this.#cutContent(tape.member(body, name), 'system')
    }
    this.#cutContents(tape.member(body, 'contents'))
    this.#cutContents(tape.member(body, 'content'))
    this.#cuts.addEach(tape.member(body, 'instances'), 'user')
    this.#cutTools(tape.member(body, 'tools'))
    this.#cutWrapped(body)
  }

  /** Token counts, batches of embeddings and batches of generations carry whole bodies inside. */
  #cutWrapped(body: NodeRef): void {
    const tape = this.#tape
    for (const name of ['generateContentRequest', 'generate_content_request']) {
      const inner = tape.member(body, name)
      if (inner !== NONE) this.#cutBody(inner)
    }
    const batch = tape.member(body, 'batch')
    const inline = tape.member(this.#member(batch, 'inputConfig', 'input_config'), 'requests')
    for (const list of [tape.member(body, 'requests'), tape.member(inline, 'requests')]) {
      if (tape.kind(list) !== 'array') continue
      for (const request of tape.children(list)) {
        const inner = tape.member(request, 'request')
        this.#cutBody(inner === NONE ? request : inner)
      }
    }
  }

  #cutContents(contents: NodeRef): void {
    const tape = this.#tape
    if (tape.kind(contents) !== 'array') this.#cutContent(contents, null)
    else for (const content of tape.children(contents)) this.#cutContent(content, null)
  }

  #cutContent(content: NodeRef, fixedRole: BlockRole | null): void {
    const tape = this.#tape
    const role = fixedRole ?? contentRole(tape.text(tape.member(content, 'role')))
    const parts = tape.member(content, 'parts')
    if (tape.kind(parts) !== 'array' || tape.firstChild(parts) === NONE) {
      this.#cuts.add(content, role)
      return
    }
    for (const part of tape.children(parts)) {
      const isResult = this.#member(part, 'functionResponse', 'function_response') !== NONE
      this.#cuts.add(part, isResult ? 'tool' : role)
    }
  }

  #cutTools(tools: NodeRef): void {
    const tape = this.#tape
    if (tape.kind(tools) !== 'array') return
    for (const tool of tape.children(tools)) {
      const declarations = this.#member(tool, 'functionDeclarations', 'function_declarations')
      if (tape.kind(declarations) !== 'array' || tape.firstChild(declarations) === NONE) {
        this.#cuts.add(tool, 'tool-definition')
      } else this.#cuts.addEach(declarations, 'tool-definition')
      this.#nameTools(tool, declarations)
    }
  }

  /** Built-in tools have no name but the member that switches them on, such as `googleSearch`. */
  #nameTools(tool: NodeRef, declarations: NodeRef): void {
    const tape = this.#tape
    if (tape.kind(tool) !== 'object') return
    for (const member of tape.children(tool)) {
      const key = tape.keyOf(member)
      if (member !== declarations && key !== null) this.#toolNames.push(key)
    }
    if (tape.kind(declarations) !== 'array') return
    for (const declaration of tape.children(declarations)) {
      const name = tape.text(tape.member(declaration, 'name'))
      if (name !== null) this.#toolNames.push(name)
    }
  }
}

function contentRole(role: string | null): BlockRole {
  switch (role) {
    // The provider takes a missing role for the user's.
    case null:
    case 'user':
      return 'user'
    case 'model':
      return 'assistant'
    case 'function':
      return 'tool'
    case 'system':
      return 'system'
    default:
      return 'other'
  }
}
