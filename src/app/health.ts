/** What readiness and the gauges say of the running rooms. */
import type { Readiness } from '../api/server.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import type { Admission } from '../gateway/admission.ts'
import type { createMetrics } from '../telemetry/metrics.ts'
import type { Containment } from './containment.ts'

/** A refused reload does not make the gateway unready: it goes on with what it had, and says so. */
export function readiness(
  evidence: Evidence,
  admission: Admission,
  containment: Containment,
  configuration: string,
  policy: string,
): Readiness {
  const health = evidence.recorder.health()
  const draining = admission.isDraining()
  return {
    ready: health.ready && !draining && !containment.refuses(),
    checks: {
      recorder: health.ready ? 'ok' : health.reason,
      admission: draining ? 'draining' : 'ok',
      configuration,
      policy,
      locks: containment.check(),
    },
  }
}

export function gaugesNow(
  metrics: ReturnType<typeof createMetrics>,
  evidence: Evidence,
  admission: Admission,
): void {
  const health = evidence.recorder.health()
  metrics.recorderReady.with().set(health.ready ? 1 : 0)
  if (health.freeBytes !== null) metrics.evidenceFreeBytes.with().set(health.freeBytes)
  metrics.exchangesInProgress.with().set(admission.running())
  metrics.bufferedBytes.with().set(admission.heldBytes())
  const load = evidence.load()
  metrics.recorderPendingBytes.with().set(load.pendingBytes)
  metrics.indexLag.with().set(load.indexLag)
}
