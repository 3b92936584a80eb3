/** Cuts Bedrock request bodies into blocks: Converse, and the native bodies of the models behind `invoke`. */
import type { JsonScan } from '../../lib/json/scan.ts'
import { NONE } from '../../lib/json/tape.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { BlockRole, RequestReading, RequestView, Surface } from '../../model/dialect.ts'
import { viewAnthropicBody } from '../anthropic/request.ts'
import { CutList } from '../cut-list.ts'

export function readBedrockRequest(surface: Surface, scan: JsonScan): RequestReading {
  if (scan.kind === 'problem') return scan
  const { tape } = scan
  if (tape.kind(tape.root) !== 'object') {
    const message = 'the request body must be a JSON object'
    return { kind: 'problem', problem: { code: 'wrong-shape', offset: 0, message } }
  }
  const prompt = promptOf(tape, surface)
  const isAnthropic = tape.member(prompt, 'anthropic_version') !== NONE
  const view = isAnthropic ? viewAnthropicBody(tape, prompt) : new BedrockBody(tape).view(prompt)
  const model = surface.modelInPath ?? tape.text(tape.member(tape.root, 'modelId')) ?? view.model
  return { kind: 'view', view: { ...view, model, stream: surface.streamInPath ?? false } }
}

/** The object that holds the prompt: some surfaces wrap the body of another. */
function promptOf(tape: JsonTape, surface: Surface): NodeRef {
  const wrapped =
    surface.name === 'bedrock.count-tokens'
      ? tape.member(tape.member(tape.root, 'input'), 'converse')
      : tape.member(tape.root, 'modelInput')
  return tape.kind(wrapped) === 'object' ? wrapped : tape.root
}

/** Members that hold a prompt in the native body of one model family or another. */
const PROMPTS: readonly (readonly [name: string, role: BlockRole])[] = [
  ['system', 'system'],
  ['preamble', 'system'],
  ['prompt', 'user'],
  ['inputText', 'user'],
  ['inputImage', 'user'],
  ['input_text', 'user'],
  ['texts', 'user'],
  ['images', 'user'],
  ['message', 'user'],
  ['query', 'user'],
  ['documents', 'user'],
  ['chat_history', 'user'],
]

class BedrockBody {
  readonly #tape: JsonTape
  readonly #cuts: CutList
  readonly #toolNames: string[] = []

  constructor(tape: JsonTape) {
    this.#tape = tape
    this.#cuts = new CutList(tape)
  }

  view(body: NodeRef): RequestView {
    const tape = this.#tape
    for (const [name, role] of PROMPTS) this.#cuts.addEach(tape.member(body, name), role)
    this.#cutMessages(tape.member(body, 'messages'))
    this.#cutGuarded(body)
    this.#cutTools(tape.member(tape.member(body, 'toolConfig'), 'tools'))
    this.#cutTools(tape.member(body, 'tools'))
    if (this.#cuts.spans().length === 0) this.#cuts.add(tape.root, 'other')
    return {
      model: null,
      stream: false,
      blocks: this.#cuts.spans(),
      toolNames: [...new Set(this.#toolNames)],
      links: {},
    }
  }

  #cutMessages(messages: NodeRef): void {
    const tape = this.#tape
    if (tape.kind(messages) !== 'array') return
    for (const message of tape.children(messages)) {
      const role = messageRole(tape.text(tape.member(message, 'role')))
      const content = tape.member(message, 'content')
      if (tape.kind(content) !== 'array' || tape.firstChild(content) === NONE) {
        this.#cuts.add(message, role)
        continue
      }
      for (const part of tape.children(content)) {
        this.#cuts.add(part, tape.member(part, 'toolResult') === NONE ? role : 'tool')
      }
    }
  }

  /** A guardrail is given text of the caller (`INPUT`) or of the model (`OUTPUT`). */
  #cutGuarded(body: NodeRef): void {
    const source = this.#tape.text(this.#tape.member(body, 'source'))
    this.#cuts.addEach(
      this.#tape.member(body, 'content'),
      source === 'OUTPUT' ? 'assistant' : 'user',
    )
  }

  #cutTools(tools: NodeRef): void {
    const tape = this.#tape
    if (tape.kind(tools) !== 'array') return
    for (const tool of tape.children(tools)) {
      this.#cuts.add(tool, 'tool-definition')
      for (const holder of ['toolSpec', 'systemTool', 'function']) {
        const name = tape.text(tape.member(tape.member(tool, holder), 'name'))
        if (name !== null) this.#toolNames.push(name)
      }
      const name = tape.text(tape.member(tool, 'name'))
      if (name !== null) this.#toolNames.push(name)
    }
  }
}

function messageRole(role: string | null): BlockRole {
  switch (role) {
    case 'user':
    case 'assistant':
    case 'system':
    case 'tool':
      return role
    case null:
    default:
      return 'other'
  }
}
