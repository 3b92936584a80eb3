/** An event as the Open Cybersecurity Schema Framework has it: API Activity, or a Data Security Finding. */
import { isIP } from 'node:net'
import type { ExchangeRow } from '../../model/record.ts'
import { titleOf } from './cef.ts'
import { incidentFinding } from './ocsf-incident.ts'
import { shownExchange } from './sink-event.ts'
import type { SinkEvent, SinkSeverity } from './sink-event.ts'

/** The first release that has the profile `ai_operation`. */
const OCSF_VERSION = '1.8.0'
const API_ACTIVITY = { class_uid: 6003, class_name: 'API Activity' } as const
const DATA_FINDING = { class_uid: 2006, class_name: 'Data Security Finding' } as const
const CREATE = { activity_id: 1, activity_name: 'Create' } as const
const OTHER = 99
const BLOCKED = {
  action_id: 2,
  action: 'Denied',
  disposition_id: 2,
  disposition: 'Blocked',
  is_alert: true,
} as const

const SEVERITY: Readonly<Record<SinkSeverity, readonly [id: number, name: string]>> = {
  info: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
}

export function ocsfEvent(event: SinkEvent, version: string): object {
  const { type, exchange } = event
  if (type === 'case.changed') return incidentFinding(event, headOf(event, version, []))
  if (exchange === null) return gatewayActivity(event, version)
  return type === 'exchange.finding' || type === 'exchange.denied'
    ? dataFinding(event, exchange, version)
    : modelCall(event, exchange, version)
}

function headOf({ id, type, atMs, severity }: SinkEvent, version: string, profiles: string[]) {
  const [severity_id, name] = SEVERITY[severity]
  return {
    time: atMs,
    severity_id,
    severity: name,
    metadata: {
      version: OCSF_VERSION,
      uid: id,
      event_code: type,
      product: { name: 'Custody', vendor_name: 'Custody', version },
      ...(profiles.length === 0 ? {} : { profiles }),
    },
  }
}

function modelCall(event: SinkEvent, exchange: ExchangeRow, version: string): object {
  const isSuccess = exchange.outcome === 'answered'
  return {
    ...API_ACTIVITY,
    category_uid: 6,
    category_name: 'Application Activity',
    ...CREATE,
    type_uid: API_ACTIVITY.class_uid * 100 + CREATE.activity_id,
    ...headOf(event, version, ['ai_operation']),
    message: titleOf(event),
    status_id: isSuccess ? 1 : 2,
    status: isSuccess ? 'Success' : 'Failure',
    ...(exchange.status === null ? {} : { status_code: String(exchange.status) }),
    ...(exchange.errorCode === null ? {} : { status_detail: exchange.errorCode }),
    ...(exchange.endedAtMs === null ? {} : { end_time: exchange.endedAtMs }),
    start_time: exchange.receivedAtMs,
    ...(exchange.durationMs === null ? {} : { duration: Math.round(exchange.durationMs) }),
    actor: actorOf(exchange),
    api: {
      operation: exchange.surface,
      service: { name: exchange.upstream },
      request: { uid: exchange.id },
      ...(exchange.status === null ? {} : { response: { code: exchange.status } }),
    },
    ai_model: {
      name: exchange.model ?? 'unknown',
      ai_provider: exchange.upstream,
    },
    message_context: {
      uid: exchange.conversation ?? exchange.id,
      service: { name: exchange.upstream },
      ...(exchange.inputTokens === null ? {} : { prompt_tokens: exchange.inputTokens }),
      ...(exchange.outputTokens === null ? {} : { completion_tokens: exchange.outputTokens }),
    },
    http_request: {
      http_method: exchange.method,
      url: { path: exchange.path },
      user_agent: exchange.userAgent,
      length: exchange.requestBytes,
    },
    src_endpoint: endpointOf(exchange),
    unmapped: shownExchange(exchange),
  }
}

function dataFinding(event: SinkEvent, exchange: ExchangeRow, version: string): object {
  const isDenied = event.type === 'exchange.denied'
  return {
    ...DATA_FINDING,
    category_uid: 2,
    category_name: 'Findings',
    ...CREATE,
    type_uid: DATA_FINDING.class_uid * 100 + CREATE.activity_id,
    // What was done about it comes with the profile of a control that intervenes.
    ...headOf(event, version, isDenied ? ['security_control'] : []),
    status_id: 1,
    status: 'New',
    ...(isDenied ? BLOCKED : {}),
    finding_info: {
      uid: event.id,
      title: titleOf(event),
      created_time: event.atMs,
      types: exchange.entities,
      related_events: [{ uid: `${exchange.id}.closed`, type_uid: 600301 }],
      ...(exchange.decidingRule === null
        ? {}
        : { analytic: { uid: exchange.decidingRule, type_id: 1, type: 'Rule' } }),
    },
    actor: actorOf(exchange),
    src_endpoint: endpointOf(exchange),
    observables: exchange.fingerprints.map((value) => ({
      name: 'unmapped.fingerprints',
      type_id: OTHER,
      type: 'Keyed fingerprint of the value',
      value,
    })),
    unmapped: shownExchange(exchange),
  }
}

function gatewayActivity(event: SinkEvent, version: string): object {
  const { actor = '', details = {}, records = [] } = event.event ?? {}
  return {
    ...API_ACTIVITY,
    category_uid: 6,
    category_name: 'Application Activity',
    activity_id: OTHER,
    activity_name: event.type,
    type_uid: API_ACTIVITY.class_uid * 100 + OTHER,
    ...headOf(event, version, []),
    message: titleOf(event),
    status_id: 1,
    status: 'Success',
    actor: actor === '' ? { app_name: 'custody' } : { user: { uid: actor } },
    api: { operation: event.type, service: { name: 'custody' } },
    src_endpoint: { name: 'custody' },
    unmapped: { details, records },
  }
}

function actorOf({ principal, service, keyId }: ExchangeRow): object {
  return {
    ...(principal === ''
      ? { app_name: 'unknown' }
      : {
          user: {
            uid: principal,
            ...(keyId === null ? {} : { credential_uid: keyId }),
          },
        }),
    ...(service === '' ? {} : { app_name: service }),
  }
}

const endpointOf = ({ remoteAddress }: ExchangeRow): object =>
  isIP(remoteAddress) === 0 ? { name: remoteAddress || 'unknown' } : { ip: remoteAddress }
