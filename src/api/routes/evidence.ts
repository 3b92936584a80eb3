/** Serves the health of the transparency log and begins verifications. */
import { readEvidence, verifyEvidence, type EvidenceHealth } from '../contract/evidence.ts'
import type { Registrar } from '../registrar.ts'

export function evidenceRoutes({ app, parts, guarded }: Registrar): void {
  const health = (): EvidenceHealth => {
    const { keys, ...rest } = parts.log.health()
    return {
      ...rest,
      keys: [...keys],
      instance: parts.status().evidence.instance,
      nowMs: parts.clock.nowMs(),
    }
  }
  app.openapi(guarded(readEvidence), (context) => context.json(health(), 200))
  app.openapi(guarded(verifyEvidence), (context) => {
    parts.log.verify()
    return context.json(health(), 200)
  })
}
