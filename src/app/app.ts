/** The composition root: builds every room in order, wires them, and closes them in reverse. */
import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlPlane, Readiness } from '../api/server.ts'
import { startControlPlane } from '../api/server.ts'
import type { Config, ConfigProblem } from '../config/config.ts'
import { claimantOf, dialectByName } from '../dialects/registry.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import type { Disk } from '../evidence/disk.ts'
import { silentTap } from '../evidence/record-tap.ts'
import { openMaskingKey } from '../evidence/keyring.ts'
import { createAdmission } from '../gateway/admission.ts'
import { createContextReader } from '../gateway/conversation/context.ts'
import { createConversationMemory } from '../gateway/conversation/memory.ts'
import { listen } from '../gateway/listener.ts'
import { BlockFindings } from '../gateway/masking/block-findings.ts'
import { createAnalyzerDesk } from '../gateway/analyzers/analyzer-desk.ts'
import { createInspectionPool } from '../gateway/masking/inspection-pool.ts'
import { createTokenVault } from '../gateway/masking/token-vault.ts'
import type { GatewaySnapshot } from '../gateway/parts.ts'
import { createStrangers } from '../gateway/strangers.ts'
import { createUpstreamClient } from '../gateway/upstream-client.ts'
import type { Clock } from '../lib/clock.ts'
import { systemClock } from '../lib/clock.ts'
import type { Upstream } from '../model/upstream.ts'
import { startSandbox } from '../sandbox/start-sandbox.ts'
import type { SandboxOptions } from '../sandbox/start-sandbox.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { startCallers } from './callers.ts'
import { startContainment } from './containment.ts'
import { openApprovals } from './approvals.ts'
import { createDeadLetterDesk } from './dead-letters.ts'
import { startExports } from './exports.ts'
import { startKeeping } from './keeping.ts'
import { keepKeys } from './key-upkeep.ts'
import { keepKeyJournal } from './key-journal.ts'
import { RecordFeed } from '../incident/trace/record-feed.ts'
import { createChangeFeed } from '../incident/change-feed.ts'
import { consoleOrigin, controlPlaneApi, firstLoginUrl, warmSearch } from './control-plane.ts'
import { openLogDesk } from './log-desk.ts'
import { createMayQuote } from './may-quote.ts'
import { publishCheckpoints } from './publication.ts'
import { createObserver } from './observer.ts'
import { createPolicyAlerts } from './policy-alerts.ts'
import { takeUpReadings } from './readings.ts'
import { gaugesNow, readiness } from './health.ts'
import { lockFolder } from './lock-folder.ts'
import { openRecords } from './open-records.ts'
import { createReloading } from './reloading.ts'
import { startSeeking } from './seeking.ts'
import { gatewaySettings } from './settings.ts'
import { openPolicyRoom } from './policy-room.ts'
import { starterKey } from './starter-key.ts'
import { keepThreadsSmall } from './thread-memory.ts'
import { openTls } from './tls-files.ts'
import { traceFor } from './tracing.ts'
import { VERSION } from './version.ts'

export interface App extends AsyncDisposable {
  readonly proxyUrl: string
  readonly adminUrl: string
  readonly starterKey: string | null
  /** One-time login of the first admin; null once somebody has logged in. */
  readonly loginUrl: string | null
  /** Where the built-in sandbox answers, and `/__received` says what reached it; null when it does not run. */
  readonly sandboxUrl: string | null
  readonly upstreams: readonly Upstream[]
  readonly version: string
  readonly evidence: Evidence
  readonly index: ExchangeIndex
  readonly reload: (config: Config, warnings: readonly string[]) => void
  /** The configuration in force stays; readiness detail, log and evidence say so. */
  readonly refuseReload: (problems: readonly ConfigProblem[]) => void
}

/** Conversations are not resumed after this long; until then their tokens can be brought back. */
const TOKENS_KEPT_MS = 90 * 86_400_000

export interface AppOptions {
  /** Where segments are written; the file system unless a test injects faults. */
  readonly disk?: Disk
  /** The machine's unless a story is told. */
  readonly clock?: Clock
  /** How the built-in sandbox answers. */
  readonly sandbox?: SandboxOptions
  /** The process lives to serve callers: threads that spare them a wait are started at once. */
  readonly servesCallers?: boolean
  /** False: nothing is indexed for tracing. Benchmarks measure what that spares. */
  readonly indexes?: boolean
  /** When threads begin that index and search, unless a question comes before. Most tests ask none. */
  readonly beginAfterMs?: number
}

export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  await using stack = new AsyncDisposableStack()
  const { clock = systemClock, servesCallers = false } = options
  if (servesCallers) keepThreadsSmall()
  const log = stack.use(createLogger(config.log))
  const metrics = createMetrics()
  const { folder } = config.storage
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lock = await lockFolder(folder)
  stack.defer(() => lock[Symbol.dispose]())

  const recorded = new RecordFeed()
  const { store, evidence, keysFolder, keyProvider, keyring, onErased } = stack.use(
    await openRecords(config, {
      clock,
      metrics,
      disk: options.disk,
      servesCallers,
      tap: options.indexes === false ? silentTap : recorded,
    }),
  )
  const { closed, tornBytes } = evidence.recovered
  if (closed + tornBytes > 0)
    log.warn({ interrupted: closed, tornBytes }, 'put in order after a crash')
  const sandbox = config.upstreams.some((upstream) => upstream.sandbox)
    ? stack.use(await startSandbox(options.sandbox))
    : null
  const upstreams = stack.use(createUpstreamClient())
  stack.use(takeUpReadings(evidence, log))
  const publisher = stack.use(publishCheckpoints(config.evidence, folder, evidence, log))
  const logDesk = stack.use(openLogDesk(folder, evidence, publisher, clock))
  stack.use(await keepKeyJournal(store.keys, store.index, evidence.recorder, clock))

  const { recorder } = evidence
  const tls = config.tls === null ? null : await openTls(config.tls, { recorder, clock, log })
  let inForce = config
  const callers = stack.use(
    await startCallers({
      store,
      evidence,
      clock,
      log,
      config: () => inForce,
      authorities: tls?.authorities ?? null,
    }),
  )
  const containment = stack.use(
    await startContainment({ store, evidence, clock, log, config: () => inForce }),
  )
  const reloading = createReloading({ clock, log, metrics, recorder: evidence.recorder })
  stack.use(keepKeys({ store, recorder: evidence.recorder, clock, log, rules: () => inForce.keys }))
  const maskingKey = await openMaskingKey(keysFolder, keyProvider)
  const policyRoom = stack.use(
    await openPolicyRoom({
      config,
      store,
      evidence,
      clock,
      log,
      master: maskingKey,
      changed: () => {
        settings = gatewaySettings(inForce, sandbox?.url ?? '', policyRoom.policy())
      },
    }),
  )
  let settings: GatewaySnapshot = gatewaySettings(config, sandbox?.url ?? '', policyRoom.policy())
  const admission = createAdmission()
  const { beginAfterMs } = options
  const tracing = stack.use(
    traceFor(config, {
      feed: recorded,
      key: maskingKey,
      upstreams: () => settings.upstreams,
      log,
      beginAfterMs,
    }),
  )
  const { keeping } = stack.use(
    startKeeping({
      store,
      evidence,
      clock,
      log,
      config: () => inForce,
      key: maskingKey,
      cosign: () => publisher.cosign(),
    }),
  )
  const exports = stack.use(startExports(config, { store, evidence, clock, log, metrics }))
  const inspectionPool = stack.use(createInspectionPool())
  store.control.maskTokens
    .removeBefore(clock.nowMs() - TOKENS_KEPT_MS)
    .catch((error: unknown) => log.warn({}, 'old mask tokens not removed', error))
  const vault = createTokenVault(store.control.maskTokens, maskingKey)
  onErased.add(vault.forget)
  let adminUrl = ''
  const checkedNow = (): Readiness => {
    const policy = policyRoom.check()
    const { ready, checks } = readiness(evidence, admission, containment, reloading.check(), policy)
    // A receiver that is away makes no gateway unready, nor does an index that is behind.
    return { ready, checks: { ...checks, trace: tracing.check(), ...exports.checks() } }
  }
  const approvals = stack.use(
    openApprovals({
      clock,
      store,
      recorder: evidence.recorder,
      log,
      master: maskingKey,
      settings: () => settings.approvals,
      login: () => inForce.login,
      consoleUrl: () => consoleOrigin(adminUrl),
      authorsOf: policyRoom.authorsOf,
      mayQuote: createMayQuote({ store, evidence, clock, restricted: () => inForce.restricted }),
    }),
  )
  const { hunts, alertChannels } = stack.use(
    startSeeking({
      config,
      store,
      recorder: evidence.recorder,
      clock,
      log,
      key: maskingKey,
      settings: () => settings.approvals,
      consoleUrl: () => consoleOrigin(adminUrl),
    }),
  )
  const alerts = stack.use(
    createPolicyAlerts({
      log,
      metrics,
      webhook: () => inForce.policy?.webhook?.reveal() ?? null,
    }),
  )
  const listener = await listen(
    { ...config.listen, tls: tls?.listen ?? null },
    {
      clock,
      recorder: evidence.recorder,
      identify: callers.identify,
      settings: () => settings,
      dialectByName,
      claimantOf,
      upstreams,
      admission,
      tokenEndpoint: callers.tokenEndpoint(containment.view),
      strangers: createStrangers(clock),
      containment: containment.view,
      inFlight: containment.inFlight,
      masking: {
        master: maskingKey,
        cache: new BlockFindings(),
        pool: inspectionPool,
        analyzers: stack.use(createAnalyzerDesk(clock)),
        vault,
      },
      conversations: {
        reader: createContextReader(maskingKey),
        memory: createConversationMemory(),
      },
      approvals: approvals.desk,
      observer: createObserver(metrics, log, alerts),
    },
  )
  stack.use(listener)
  if (tls !== null) stack.use(tls.follow(listener))
  const feed = stack.use(
    createChangeFeed(store.search, (error) => log.warn({}, 'changes not read', error)),
  )
  const proxyUrl = urlOf(config.tls === null ? 'http' : 'https', listener.host, listener.port)
  const admin: ControlPlane = stack.use(
    await startControlPlane(config.admin, {
      version: VERSION,
      readiness: checkedNow,
      // Read when it is asked for: most gateways have no such client.
      mcp: async (request, api) =>
        (await import('../cli/mcp/mcp-door.ts')).answerMcp(request, api, () => clock.nowMs()),
      api: controlPlaneApi({
        clock,
        store,
        evidence,
        logDesk,
        keyring,
        feed,
        containment,
        policy: policyRoom.desk,
        configuredTrust: () => inForce.trust.rules,
        trace: tracing.desk,
        hunts,
        alertChannels,
        deadLetters: createDeadLetterDesk(exports, store.control, clock),
        approvals,
        keeping,
        log,
        version: VERSION,
        login: () => inForce.login,
        keyRules: () => inForce.keys,
        upstreams: () => settings.upstreams,
        prices: () => inForce.prices,
        restricted: () => inForce.restricted,
        readiness: checkedNow,
        exchangesInProgress: () => admission.running(),
        proxyUrl: () => proxyUrl,
        consoleUrl: () => inForce.login.consoleUrl ?? consoleOrigin(adminUrl),
      }),
      metrics: () => {
        gaugesNow(metrics, evidence, admission)
        exports.measure()
        tracing.measure(metrics)
        return metrics.expose()
      },
    }),
  )
  adminUrl = urlOf('http', admin.host, admin.port)
  stack.use(warmSearch(store.search, beginAfterMs))
  stack.defer(async () => {
    listener.stopAccepting()
    approvals.letGo()
    await Promise.race([admission.drain(), sleep(config.limits.drainMs, undefined, { ref: false })])
  })
  metrics.buildInfo.with(VERSION, process.versions.node).set(1)
  const key = await starterKey(keysFolder, store.keys, keyProvider, clock)
  const loginUrl = await firstLoginUrl(store.control, clock, consoleOrigin(adminUrl), config.login)

  const owned = stack.move()
  return {
    proxyUrl,
    adminUrl,
    starterKey: key,
    loginUrl,
    sandboxUrl: sandbox?.url ?? null,
    upstreams: settings.upstreams,
    version: VERSION,
    evidence,
    index: store.index,
    reload: (next, warnings) => {
      inForce = next
      policyRoom.configured(next)
      settings = gatewaySettings(next, sandbox?.url ?? '', policyRoom.policy())
      exports.reload(next)
      reloading.accepted(next, warnings)
    },
    refuseReload: reloading.refused,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function urlOf(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
