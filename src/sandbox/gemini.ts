/** Speaks Gemini generateContent, whole, as server-sent events and as a JSON array. */
import { createHash } from 'node:crypto'
import type { Answer, Piece } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import type { JsonObject } from './json.ts'
import { contentText, objectIn, objectsIn, textIn } from './json.ts'
import { geminiError, MIDWAY } from './refuse.ts'
import type { Prompt, ScriptedAnswer } from './scripted-answer.ts'
import { scriptedAnswer } from './scripted-answer.ts'
import { sseAnswer } from './sse.ts'
import { promptTokens } from './tokens.ts'

const FAILURE = geminiError(MIDWAY.status, MIDWAY.message)

export function geminiGenerate(call: Call): Answer {
  if (objectsIn(call.json['contents']).length === 0) return withoutContents(call)
  const model = call.params['model'] ?? ''
  const answer = scriptedAnswer(readPrompt(call.json, model), call.script)
  const parts = [
    ...(answer.reasoning === '' ? [] : [{ text: answer.reasoning, thought: true }]),
    answer.call === null
      ? { text: answer.text, ...signatureOf(answer) }
      : functionCall(answer.call, call.id),
  ]
  const chunk = chunkOf({ answer, model, id: call.id }, parts, 'STOP')
  return jsonAnswer(chunk, { delayMs: answer.wholeDelayMs })
}

export function geminiStream(call: Call): Answer {
  if (objectsIn(call.json['contents']).length === 0) return withoutContents(call)
  const model = call.params['model'] ?? ''
  const answer = scriptedAnswer(readPrompt(call.json, model), call.script)
  const partLists: JsonObject[][] = [
    ...answer.reasoningPieces.map((text) => [{ text, thought: true }]),
    ...(answer.call === null
      ? answer.textPieces.map((text) => [{ text }])
      : [[functionCall(answer.call, call.id)]]),
    [{ text: '', ...signatureOf(answer) }],
  ]
  const chunks = partLists.map((parts, index) =>
    chunkOf({ answer, model, id: call.id }, parts, index === partLists.length - 1 ? 'STOP' : null),
  )
  return call.query.get('alt') === 'sse'
    ? sseAnswer({
        pieces: chunks.map(sseChunk),
        intervalMs: answer.intervalMs,
        failure: sseChunk(FAILURE),
        contentType: 'text/event-stream',
      })
    : arrayAnswer(chunks, answer.intervalMs)
}

/** Gemini ends its lines with CR LF, unlike the other providers. */
function sseChunk(chunk: JsonObject): Piece {
  return { bytes: `data: ${JSON.stringify(chunk)}\r\n\r\n`, paced: true }
}

function arrayAnswer(chunks: readonly JsonObject[], intervalMs: number): Answer {
  const last = chunks.length - 1
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    pieces: chunks.map((chunk, index) => ({
      bytes: `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(chunk)}\n${index === last ? ']' : ''}`,
      paced: true,
    })),
    intervalMs,
    garbage: Buffer.from(',\r\n{"sandbox":"malformed\n'),
    failure: Buffer.from(`,\r\n${JSON.stringify(FAILURE)}\n]`),
  }
}

function withoutContents(call: Call): Answer {
  return call.refuse(400, '* GenerateContentRequest.contents: contents is not specified')
}

/** Tokens of everything the model would read. */
export function geminiPromptTokens(json: JsonObject): number {
  const system = json['systemInstruction'] ?? json['system_instruction']
  return promptTokens(json['contents'], system, json['tools'])
}

function readPrompt(json: JsonObject, model: string): Prompt {
  const contents = objectsIn(json['contents'])
  const said = contents.findLast(
    (content) => content['role'] !== 'model' && contentText(content['parts']) !== '',
  )
  const results = objectsIn(contents.at(-1)?.['parts']).map(
    (part) => part['functionResponse'] ?? part['function_response'],
  )
  const result = results.findLast((part) => part !== undefined)
  const declarations = objectsIn(json['tools']).flatMap((tool) =>
    objectsIn(tool['functionDeclarations'] ?? tool['function_declarations']),
  )
  return {
    model,
    userText: contentText(said?.['parts']),
    toolResult: result === undefined ? null : resultText(objectIn(result)['response']),
    tools: declarations.map((tool) => ({
      name: textIn(tool['name']),
      schema: tool['parametersJsonSchema'] ?? tool['parameters'],
    })),
    inputTokens: geminiPromptTokens(json),
  }
}

/** A function answers with an object; SDKs put a plain text under `output` or `result`. */
function resultText(response: unknown): string {
  const { output, result } = objectIn(response)
  return textIn(output) || textIn(result) || JSON.stringify(response ?? {})
}

function functionCall(call: NonNullable<ScriptedAnswer['call']>, id: string): JsonObject {
  return { functionCall: { id: `call_${id}`, name: call.name, args: call.input } }
}

function signatureOf(answer: ScriptedAnswer): JsonObject {
  if (answer.reasoning === '') return {}
  return { thoughtSignature: createHash('sha256').update(answer.reasoning).digest('base64') }
}

interface ChunkFrame {
  readonly answer: ScriptedAnswer
  readonly model: string
  readonly id: string
}

/** The last chunk, or the only one, has a finish reason and the whole usage. */
function chunkOf(
  { answer, model, id }: ChunkFrame,
  parts: readonly JsonObject[],
  finishReason: string | null,
): JsonObject {
  const { usage } = answer
  const input = {
    promptTokenCount: usage.input,
    ...(usage.cached === 0 ? {} : { cachedContentTokenCount: usage.cached }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.input }],
  }
  const output = {
    candidatesTokenCount: usage.output - usage.reasoning,
    ...(usage.reasoning === 0 ? {} : { thoughtsTokenCount: usage.reasoning }),
    totalTokenCount: usage.input + usage.output,
  }
  return {
    candidates: [
      {
        content: { parts, role: 'model' },
        ...(finishReason === null ? {} : { finishReason }),
        index: 0,
      },
    ],
    usageMetadata: {
      ...input,
      ...(finishReason === null ? { totalTokenCount: usage.input } : output),
    },
    modelVersion: model,
    responseId: id,
  }
}
