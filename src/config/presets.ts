/** Well-known providers: what `preset: <name>` fills in, and which environment variable usually holds the key. */
import type { DialectName } from '../model/dialect.ts'

export interface Preset {
  readonly dialect: DialectName
  /** Null where every account has its own address. `{region}` is filled from `region`. */
  readonly baseUrl: string | null
  readonly credentialHeader: string
  readonly credentialScheme: string
  /** Read when no credential is written; null: none is needed. */
  readonly credentialEnv: string | null
}

const bearer = (
  dialect: DialectName,
  baseUrl: string | null,
  credentialEnv: string | null,
): Preset => ({
  dialect,
  baseUrl,
  credentialHeader: 'authorization',
  credentialScheme: 'Bearer',
  credentialEnv,
})

const plain = (preset: Preset, credentialHeader: string): Preset => ({
  ...preset,
  credentialHeader,
  credentialScheme: '',
})

export const PRESET_NAMES = [
  'openai',
  'anthropic',
  'gemini',
  'vertex',
  'bedrock',
  'azure-openai',
  'ollama',
  'mistral',
  'groq',
  'openrouter',
  'vllm',
  'deepseek',
  'together',
] as const

export type PresetName = (typeof PRESET_NAMES)[number]

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  openai: bearer('openai', 'https://api.openai.com', 'OPENAI_API_KEY'),
  anthropic: plain(
    bearer('anthropic', 'https://api.anthropic.com', 'ANTHROPIC_API_KEY'),
    'x-api-key',
  ),
  gemini: plain(
    bearer('gemini', 'https://generativelanguage.googleapis.com', 'GEMINI_API_KEY'),
    'x-goog-api-key',
  ),
  vertex: bearer('gemini', 'https://{region}-aiplatform.googleapis.com', 'VERTEX_ACCESS_TOKEN'),
  bedrock: bearer(
    'bedrock',
    'https://bedrock-runtime.{region}.amazonaws.com',
    'AWS_BEARER_TOKEN_BEDROCK',
  ),
  'azure-openai': plain(bearer('openai', null, 'AZURE_OPENAI_API_KEY'), 'api-key'),
  ollama: bearer('ollama', 'http://127.0.0.1:11434', null),
  mistral: bearer('openai', 'https://api.mistral.ai', 'MISTRAL_API_KEY'),
  groq: bearer('openai', 'https://api.groq.com/openai', 'GROQ_API_KEY'),
  openrouter: bearer('openai', 'https://openrouter.ai/api', 'OPENROUTER_API_KEY'),
  vllm: bearer('openai', 'http://127.0.0.1:8000', null),
  deepseek: bearer('openai', 'https://api.deepseek.com', 'DEEPSEEK_API_KEY'),
  together: bearer('openai', 'https://api.together.xyz', 'TOGETHER_API_KEY'),
}

/** The preset whose header a dialect uses when an upstream names no preset. */
export const DIALECT_PRESET: Readonly<Record<DialectName, PresetName>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  bedrock: 'bedrock',
  ollama: 'ollama',
}
