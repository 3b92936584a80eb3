/** The dialects Custody speaks, by name and by the paths that only one of them can own. */
import type { Dialect, DialectName, PathMatch } from '../model/dialect.ts'
import { anthropic } from './anthropic/index.ts'
import { bedrock } from './bedrock/index.ts'
import { gemini } from './gemini/index.ts'
import { ollama } from './ollama/index.ts'
import { openai } from './openai/index.ts'

const BY_NAME: Readonly<Record<DialectName, Dialect>> = {
  anthropic,
  bedrock,
  gemini,
  ollama,
  openai,
}

/** OpenAI is asked last: its list of resources is the widest. */
const CLAIM_ORDER: readonly Dialect[] = [anthropic, bedrock, gemini, ollama, openai]

export function dialectByName(name: DialectName): Dialect {
  return BY_NAME[name]
}

/** Single-origin layout (no upstream prefix): the dialect whose path this is; null when it is nobody's. */
export function claimantOf(request: PathMatch): Dialect | null {
  return CLAIM_ORDER.find((dialect) => dialect.claims(request)) ?? null
}
