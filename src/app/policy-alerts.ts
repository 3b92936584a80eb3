/** Tells people that rules fired: a line in the log, a counter, a webhook; names and numbers, never content. */
import type { Exchange } from '../gateway/exchange.ts'
import type { RuleHit } from '../model/decision.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export interface PolicyAlerts extends AsyncDisposable {
  readonly settled: (exchange: Exchange) => void
}

export interface PolicyAlertParts {
  readonly log: Logger
  readonly metrics: Metrics
  /** Where webhooks go; null where none is named. */
  readonly webhook: () => string | null
  /** Between two tries; tests wait less. */
  readonly retryMs?: number
}

interface Alert {
  readonly type: 'policy.alert'
  readonly atMs: number
  readonly exchange: string
  readonly rule: string
  readonly title: string
  readonly verdict: RuleHit['verdict']
  readonly kinds: RuleHit['kinds']
  readonly principal: string
  readonly service: string
  readonly upstream: string
}

const WAITING_MAX = 1000
const TRIES = 3
const TIMEOUT_MS = 10_000
const RETRY_MS = 5_000

export function createPolicyAlerts(parts: PolicyAlertParts): PolicyAlerts {
  const { log, metrics } = parts
  let waiting = 0
  const running = new Set<Promise<void>>()
  const stop = new AbortController()
  const sendOrSay = async (url: string, alert: Alert): Promise<void> => {
    if (await deliver(url, alert, stop.signal, parts.retryMs ?? RETRY_MS)) return
    metrics.policyAlertsLost.with().add()
    log.warn({ exchange: alert.exchange, rule: alert.rule }, 'policy webhook not delivered')
  }
  const post = (alert: Alert): void => {
    const url = parts.webhook()
    if (url === null || waiting >= WAITING_MAX) {
      metrics.policyAlertsLost.with().add()
      return
    }
    waiting += 1
    const sent = sendOrSay(url, alert).finally(() => {
      waiting -= 1
      running.delete(sent)
    })
    running.add(sent)
  }
  return {
    settled: (exchange) => {
      const hits = [...(exchange.decision?.hits ?? []), ...(exchange.answerDecision?.hits ?? [])]
      for (const hit of hits) {
        if (!hit.inForce) continue
        const alert = alertOf(exchange, hit)
        for (const { channel } of hit.obligations.filter((one) => one.kind === 'alert')) {
          if (channel === 'log') {
            const { rule, verdict, principal, service } = alert
            log.warn({ exchange: exchange.id, rule, verdict, principal, service }, 'policy alert')
          } else if (channel === 'metric') metrics.policyAlerts.with(hit.rule).add()
          else post(alert)
        }
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(running)
    },
  }
}

function alertOf({ id, receivedAtMs, principal, routing }: Exchange, hit: RuleHit): Alert {
  const { rule, title, verdict, kinds } = hit
  return {
    type: 'policy.alert',
    atMs: receivedAtMs,
    exchange: id,
    rule,
    title,
    verdict,
    kinds,
    principal: principal?.id ?? '',
    service: principal?.service ?? '',
    upstream: routing?.upstream.name ?? '',
  }
}

async function deliver(
  url: string,
  alert: Alert,
  stop: AbortSignal,
  retryMs: number,
): Promise<boolean> {
  for (let tries = 1; tries <= TRIES && !stop.aborted; tries += 1) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alert),
        redirect: 'error',
        signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await answer.body?.cancel()
      if (answer.ok) return true
    } catch {
      // The receiver is away: tried again below.
    }
    if (tries < TRIES) await pause(retryMs * tries, stop)
  }
  return false
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    stop.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
