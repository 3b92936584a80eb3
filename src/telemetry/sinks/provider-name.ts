/** Names a provider as the registry of OpenTelemetry does, where it has a name for it. */
import type { ExchangeRow } from '../../model/record.ts'

/** Of `gen_ai.provider.name`; the dialects that are not here are called the same there, or have no name there. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  gemini: 'gcp.gemini',
  bedrock: 'aws.bedrock',
}

export function providerName({
  dialect,
  upstream,
}: Pick<ExchangeRow, 'dialect' | 'upstream'>): string {
  const name = dialect ?? upstream
  return WELL_KNOWN[name] ?? name
}
