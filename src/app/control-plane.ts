/** Wires the control plane: what its API asks of the store, the evidence and the gateway; and who is let in first. */
import { join } from 'node:path'
import type { ApiParts, ApprovalApi } from '../api/parts.ts'
import type { Readiness } from '../api/server.ts'
import { asSent } from './as-sent.ts'
import { recordedAnswer } from './recorded-answer.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import type { LoginConfig } from '../config/login-config.ts'
import { createLoginDesk } from '../identity/login/login-desk.ts'
import { createLinkMethod, loginUrl, mintLoginLink } from '../identity/login-method.ts'
import type { KeyRules } from '../identity/key-ownership.ts'
import { mayUseLink } from '../identity/break-glass.ts'
import type { LinkRules } from '../identity/break-glass.ts'
import { firstAdmin } from '../identity/people-admin.ts'
import { createAccessDesk } from '../incident/restricted/access-desk.ts'
import { createCaseDesk } from '../incident/case-desk.ts'
import type { ChangeFeed } from '../incident/change-feed.ts'
import { createExchangeDesk } from '../incident/exchange-desk.ts'
import type { HuntDesk } from '../incident/hunt/hunt-desk.ts'
import type { Keeping } from '../incident/keeping/keeping.ts'
import type { PolicyDesk } from '../incident/policy-desk.ts'
import type { TraceDesk } from '../incident/trace/trace-desk.ts'
import type { Clock } from '../lib/clock.ts'
import type { PriceList } from '../model/cost.ts'
import type { ControlStore } from '../model/control.ts'
import type { RestrictedSettings } from '../model/restricted.ts'
import type { Upstream } from '../model/upstream.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { peopleParts } from './people-parts.ts'
import { ownerName } from './starter-key.ts'
import { BEGIN_AFTER_MS } from './trace-indexing.ts'

/** Made by `npm run build`; without it a page that only logs in is served. */
const CONSOLE_FOLDER = join(import.meta.dirname, '..', '..', 'web', 'dist')

/** The first person to open the console need not wait until the search thread has read the index. */
export function warmSearch(search: Store['search'], afterMs = BEGIN_AFTER_MS): Disposable {
  const timer = setTimeout(() => {
    // A failure is met again, and told, by whoever asks next.
    search.newest().catch(() => undefined)
  }, afterMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

export interface ControlPlaneSources {
  readonly clock: Clock
  readonly store: Store
  readonly evidence: Evidence
  readonly feed: ChangeFeed
  readonly logDesk: ApiParts['log']
  readonly keyring: ApiParts['keyring']
  readonly containment: ApiParts['containment']
  readonly policy: PolicyDesk
  readonly configuredTrust: ApiParts['configuredTrust']
  readonly trace: TraceDesk
  readonly hunts: HuntDesk
  readonly alertChannels: ApiParts['alertChannels']
  readonly deadLetters: ApiParts['deadLetters']
  readonly approvals: ApprovalApi
  readonly keeping: Keeping
  readonly log: Logger
  readonly version: string
  readonly login: () => LoginConfig
  readonly keyRules: () => KeyRules
  readonly upstreams: () => readonly Upstream[]
  readonly prices: () => PriceList
  readonly restricted: () => RestrictedSettings
  readonly readiness: () => Readiness
  readonly exchangesInProgress: () => number
  readonly proxyUrl: () => string
  readonly consoleUrl: () => string
}

export function controlPlaneApi(sources: ControlPlaneSources): ApiParts {
  const { clock, store, evidence, log } = sources
  const startedAtMs = clock.nowMs()
  const { deprovision, scim } = peopleParts(sources)
  return {
    deprovision,
    holdings: deprovision.holdings,
    scim,
    clock,
    control: store.control,
    keys: store.keys,
    desk: createExchangeDesk({
      index: store.index,
      search: store.search,
      reader: evidence.reader,
      readAnswer: recordedAnswer,
      asSent,
    }),
    cases: createCaseDesk(
      store.control.cases,
      clock,
      (event) => {
        evidence.recorder
          .note(event)
          .catch((error: unknown) => log.error({}, 'change of a case not noted', error))
      },
      async (pins, work) => {
        const person = await store.control.people.byId(pins.by)
        return sources.keeping.holds.pinning({ ...pins, by: person?.login ?? pins.by }, work)
      },
    ),
    accesses: createAccessDesk({
      table: store.control.accesses,
      cases: store.control.cases,
      clock,
      settings: sources.restricted,
    }),
    feed: sources.feed,
    log: sources.logDesk,
    keyring: sources.keyring,
    containment: sources.containment,
    policy: sources.policy,
    configuredTrust: sources.configuredTrust,
    trace: sources.trace,
    hunts: sources.hunts,
    alertChannels: sources.alertChannels,
    deadLetters: sources.deadLetters,
    keeping: sources.keeping,
    linkMethod: createLinkMethod(store.control, clock, sources.login),
    linkRules: sources.login,
    keyRules: sources.keyRules,
    alert: (what, details) => log.warn({ ...details, alert: what }, what),
    login: createLoginDesk({
      control: store.control,
      clock,
      config: sources.login,
      consoleUrl: sources.consoleUrl,
    }),
    approvals: sources.approvals,
    note: (event) => evidence.recorder.note(event),
    upstreams: sources.upstreams,
    prices: sources.prices,
    status: () => {
      const { ready, checks } = sources.readiness()
      const health = evidence.recorder.health()
      return {
        ready,
        checks: { ...checks },
        evidence: { ...health, indexed: evidence.isIndexed(), instance: evidence.instance },
        exchangesInProgress: sources.exchangesInProgress(),
        startedAtMs,
        proxyUrl: sources.proxyUrl(),
      }
    },
    consoleUrl: sources.consoleUrl,
    version: sources.version,
    consoleFolder: CONSOLE_FOLDER,
    onFault: (what, error) => log.error({ what }, 'control plane', error),
  }
}

/** The login URL of the first admin; null once somebody has logged in. */
export async function firstLoginUrl(
  control: ControlStore,
  clock: Clock,
  consoleUrl: string,
  rules: LinkRules,
): Promise<string | null> {
  const [breakGlass] = rules.breakGlass
  // Where links are for break-glass accounts alone, groups of the provider make the admins.
  if (rules.links === 'break-glass' && breakGlass === undefined) return null
  const admin = await firstAdmin(control.people, clock, breakGlass ?? ownerName())
  if (admin === null || !mayUseLink(rules, admin.login)) return null
  const { token } = await mintLoginLink(control.loginLinks, clock, admin.id)
  return loginUrl(consoleUrl, token)
}

/** An address that means "every interface" is no place a browser can go to. */
export function consoleOrigin(url: string): string {
  return url.replace('//0.0.0.0:', '//localhost:').replace('//[::]:', '//localhost:')
}
