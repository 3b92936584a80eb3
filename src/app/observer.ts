/** Turns what the data plane reports into metrics and log lines: names and numbers, never content. */
import { openingFacts } from '../gateway/facts.ts'
import type { GatewayObserver } from '../gateway/observer.ts'
import { exchangeLine } from '../telemetry/exchange-line.ts'
import type { Logger } from '../telemetry/logger.ts'
import { countExchange } from '../telemetry/metrics.ts'
import type { PolicyAlerts } from './policy-alerts.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export function createObserver(
  metrics: Metrics,
  log: Logger,
  alerts: PolicyAlerts,
): GatewayObserver {
  return {
    settled: (exchange, closing) => {
      const opened = exchange.opening ?? openingFacts(exchange)
      countExchange(metrics, opened, closing)
      alerts.settled(exchange)
      log.info(exchangeLine(opened, closing), 'exchange')
    },
    faulted: (exchange, error) => {
      metrics.faults.with().add()
      log.error({ exchange: exchange.id, surface: exchange.routing?.surface.name }, 'fault', error)
    },
    malformed: (code) => {
      metrics.malformedConnections.with(KNOWN_CODE.test(code) ? code : 'other').add()
    },
  }
}

/** Parser codes are a closed set; nothing a stranger sends may become a label. */
const KNOWN_CODE = /^(?:HPE_[A-Z_]{1,40}|ERR_HTTP_[A-Z_]{1,40}|ECONNRESET|EPIPE|http2|tls)$/
