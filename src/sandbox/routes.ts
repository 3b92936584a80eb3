/** Every call the sandbox answers, as one table; `match-route.ts` finds the row for a request. */
import { anthropicCountTokens, anthropicMessages } from './anthropic.ts'
import {
  anthropicBatch,
  anthropicBatchCancellation,
  anthropicBatchCreation,
  anthropicBatchDeletion,
  anthropicBatches,
  anthropicBatchResults,
  anthropicModel,
  anthropicModels,
} from './anthropic-objects.ts'
import { bedrockConverse, bedrockConverseStream } from './bedrock-converse.ts'
import { bedrockInvoke, bedrockInvokeStream } from './bedrock-invoke.ts'
import type { Renderer, SandboxDialect } from './call.ts'
import { geminiGenerate, geminiStream } from './gemini.ts'
import {
  geminiBatchEmbed,
  geminiCountTokens,
  geminiEmbed,
  geminiModel,
  geminiModels,
  vertexPredict,
} from './gemini-numbers.ts'
import { geminiUpload } from './gemini-upload.ts'
import { ollamaChat, ollamaGenerate } from './ollama.ts'
import {
  ollamaEmbed,
  ollamaEmbeddings,
  ollamaRunning,
  ollamaShow,
  ollamaTags,
  ollamaVersion,
} from './ollama-objects.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiCompletions } from './openai-completions.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiImages, openaiSpeech, openaiTranscription } from './openai-media.ts'
import {
  openaiBatch,
  openaiBatchCancellation,
  openaiBatchCreation,
  openaiBatches,
  openaiFile,
  openaiFileContent,
  openaiFileDeletion,
  openaiFiles,
  openaiFileUpload,
  openaiModel,
  openaiModels,
  openaiModerations,
} from './openai-objects.ts'
import { openaiResponses, openaiResponsesInputTokens } from './openai-responses.ts'

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `[…]` is optional, `{name}` is one segment or a part of one, `{name*}` may span segments. */
  readonly path: string
  readonly dialect: SandboxDialect
  /** JSON bodies are parsed before the renderer runs; forms and the like are taken as they come. */
  readonly body: 'none' | 'json' | 'form'
  readonly answer: Renderer
}

type Row = readonly [method: Route['method'], path: string, body: Route['body'], answer: Renderer]

const OPENAI: readonly Row[] = [
  ['POST', '/chat/completions', 'json', openaiChat],
  ['POST', '/responses', 'json', openaiResponses],
  ['POST', '/responses/input_tokens', 'json', openaiResponsesInputTokens],
  ['POST', '/completions', 'json', openaiCompletions],
  ['POST', '/embeddings', 'json', openaiEmbeddings],
  ['POST', '/moderations', 'json', openaiModerations],
  ['POST', '/images/generations', 'json', openaiImages],
  ['POST', '/images/edits', 'form', openaiImages],
  ['POST', '/audio/speech', 'json', openaiSpeech],
  ['POST', '/audio/transcriptions', 'form', openaiTranscription],
  ['POST', '/audio/translations', 'form', openaiTranscription],
  ['GET', '/models', 'none', openaiModels],
  ['GET', '/models/{model}', 'none', openaiModel],
  ['POST', '/files', 'form', openaiFileUpload],
  ['GET', '/files', 'none', openaiFiles],
  ['GET', '/files/{file}', 'none', openaiFile],
  ['GET', '/files/{file}/content', 'none', openaiFileContent],
  ['DELETE', '/files/{file}', 'none', openaiFileDeletion],
  ['POST', '/batches', 'json', openaiBatchCreation],
  ['GET', '/batches', 'none', openaiBatches],
  ['GET', '/batches/{batch}', 'none', openaiBatch],
  ['POST', '/batches/{batch}/cancel', 'none', openaiBatchCancellation],
]

const ANTHROPIC: readonly Row[] = [
  ['POST', '/messages', 'json', anthropicMessages],
  ['POST', '/messages/count_tokens', 'json', anthropicCountTokens],
  ['GET', '/models', 'none', anthropicModels],
  ['GET', '/models/{model}', 'none', anthropicModel],
  ['POST', '/messages/batches', 'json', anthropicBatchCreation],
  ['GET', '/messages/batches', 'none', anthropicBatches],
  ['GET', '/messages/batches/{batch}', 'none', anthropicBatch],
  ['GET', '/messages/batches/{batch}/results', 'none', anthropicBatchResults],
  ['POST', '/messages/batches/{batch}/cancel', 'none', anthropicBatchCancellation],
  ['DELETE', '/messages/batches/{batch}', 'none', anthropicBatchDeletion],
]

const GEMINI: readonly Row[] = [
  ['POST', '/models/{model}:generateContent', 'json', geminiGenerate],
  ['POST', '/models/{model}:streamGenerateContent', 'json', geminiStream],
  ['POST', '/models/{model}:countTokens', 'json', geminiCountTokens],
  ['POST', '/models/{model}:embedContent', 'json', geminiEmbed],
  ['POST', '/models/{model}:batchEmbedContents', 'json', geminiBatchEmbed],
  ['POST', '/models/{model}:predict', 'json', vertexPredict],
  ['GET', '/models', 'none', geminiModels],
  ['GET', '/models/{model}', 'none', geminiModel],
]

const BEDROCK: readonly Row[] = [
  ['POST', '/model/{model*}/converse', 'json', bedrockConverse],
  ['POST', '/model/{model*}/converse-stream', 'json', bedrockConverseStream],
  ['POST', '/model/{model*}/invoke', 'json', bedrockInvoke],
  ['POST', '/model/{model*}/invoke-with-response-stream', 'json', bedrockInvokeStream],
]

const OLLAMA: readonly Row[] = [
  ['POST', '/chat', 'json', ollamaChat],
  ['POST', '/generate', 'json', ollamaGenerate],
  ['POST', '/embed', 'json', ollamaEmbed],
  ['POST', '/embeddings', 'json', ollamaEmbeddings],
  ['POST', '/show', 'json', ollamaShow],
  ['GET', '/tags', 'none', ollamaTags],
  ['GET', '/ps', 'none', ollamaRunning],
  ['GET', '/version', 'none', ollamaVersion],
]

const under = (dialect: SandboxDialect, prefix: string, rows: readonly Row[]): readonly Route[] =>
  rows.map(([method, path, body, answer]) => ({
    method,
    path: prefix + path,
    dialect,
    body,
    answer,
  }))

/** The first row that fits wins, unless another one is of the dialect the caller seems to speak. */
export const ROUTES: readonly Route[] = [
  ...under('openai', '[/v1][/deployments/{deployment}]', OPENAI),
  ...under('anthropic', '[/v1]', ANTHROPIC),
  // Vertex puts project, location and publisher between version and model.
  ...under('gemini', '/v1[{minor}][/{scope*}]', GEMINI),
  ...under('gemini', '/upload/v1[{minor}]', [['POST', '/files', 'form', geminiUpload]]),
  ...under('bedrock', '', BEDROCK),
  ...under('ollama', '/api', OLLAMA),
]
