/** The one log line of an exchange: who, where, how it ended and how long it took; no path, no header, no content. */
import type { ClosingFacts, OpeningFacts } from '../model/record.ts'
import type { LogFields } from './safe-fields.ts'

export type ExchangeOpened = Pick<
  OpeningFacts,
  'id' | 'principal' | 'tags' | 'upstream' | 'surface' | 'route' | 'mode' | 'model' | 'stream'
>

/** The model name comes from the caller. */
const MODEL_CHARS_MAX = 128

export function exchangeLine(opened: ExchangeOpened, closing: ClosingFacts): LogFields {
  const { principal } = opened
  return {
    exchange: opened.id,
    state: closing.state,
    outcome: closing.outcome,
    status: closing.status,
    errorCode: closing.errorCode ?? undefined,
    upstream: opened.upstream,
    surface: opened.surface,
    route: opened.route,
    mode: opened.mode,
    model: opened.model?.slice(0, MODEL_CHARS_MAX),
    stream: opened.stream,
    principal: principal?.id,
    key: principal?.keyId ?? undefined,
    service: principal === null || principal.service === '' ? undefined : principal.service,
    declaredService: opened.tags.service === '' ? undefined : opened.tags.service,
    answerBytes: closing.answerBytes,
    inputTokens: closing.usage.inputTokens ?? undefined,
    outputTokens: closing.usage.outputTokens ?? undefined,
    firstByteMs: rounded(closing.firstByteMs),
    durationMs: rounded(closing.durationMs),
  }
}

function rounded(ms: number | null): number | undefined {
  return ms === null ? undefined : Math.round(ms * 10) / 10
}
