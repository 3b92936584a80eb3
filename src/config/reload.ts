/** Reloads configuration when the file changes or on demand: a new snapshot that is whole, or the old one stays. */
import { createHash } from 'node:crypto'
import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Config, ConfigProblem } from './config.ts'
import { loadConfig } from './load.ts'
import type { LoadOptions } from './load.ts'
import type { Flags } from './overrides.ts'
import type { Environment } from './reference.ts'

export type ReloadOutcome =
  | { readonly kind: 'unchanged'; readonly config: Config }
  | {
      readonly kind: 'reloaded'
      readonly config: Config
      /** Says, among others, which changes wait for a restart. */
      readonly warnings: readonly string[]
    }
  /** `config` is the snapshot that stays in force. */
  | {
      readonly kind: 'refused'
      readonly config: Config
      readonly problems: readonly ConfigProblem[]
    }

export interface WatchOptions {
  /** As `configFile` found it; null when there is none: then only SIGHUP and `reload` read again. */
  readonly file: string | null
  readonly flags: Flags
  readonly env: Environment
  readonly workingFolder?: string
  /** The snapshot that was loaded with the same file, flags and environment. */
  readonly current: Config
  /** `warnings` name, among others, the changes that wait for a restart. */
  readonly onReload: (config: Config, warnings: readonly string[]) => void
  /** The old snapshot stays in force; say so where the operator looks. */
  readonly onRefused: (problems: readonly ConfigProblem[]) => void
  /** Editors write a file in several steps; changes within this time count as one. Default 200. */
  readonly settleMs?: number
}

export interface ConfigWatch extends Disposable {
  /** The snapshot in force. */
  readonly current: () => Config
  /** Reads again at once; a file change and SIGHUP do the same. */
  readonly reload: () => ReloadOutcome
}

const SETTLE_MS = 200

/** What a running process cannot change: sockets are bound and segments are open. */
const NEEDS_RESTART: Readonly<Record<string, (config: Config) => unknown>> = {
  listen: ({ listen }) => listen,
  admin: ({ admin }) => admin,
  tls: ({ tls }) => tls,
  storage: ({ storage }) => storage,
  // The mode is part of the routes, which change at once.
  recording: ({ recording }) => ({ ...recording, mode: null }),
}

export function watchConfig(options: WatchOptions): ConfigWatch {
  const { file, flags, env, workingFolder, settleMs = SETTLE_MS } = options
  const load: LoadOptions = {
    env,
    flags,
    ...(file === null ? {} : { file }),
    ...(workingFolder === undefined ? {} : { workingFolder }),
  }
  let current = options.current
  let secrets = secretsHash(current)
  let timer: NodeJS.Timeout | null = null

  const reload = (): ReloadOutcome => {
    const result = loadConfig(load)
    if (result.kind === 'problems') {
      options.onRefused(result.problems)
      return { kind: 'refused', config: current, problems: result.problems }
    }
    const nextSecrets = secretsHash(result.config)
    if (result.config.hash === current.hash && nextSecrets === secrets) {
      return { kind: 'unchanged', config: current }
    }
    const warnings = [...result.warnings, ...restartWarnings(current, result.config)]
    current = result.config
    secrets = nextSecrets
    followPolicy()
    options.onReload(current, warnings)
    return { kind: 'reloaded', config: current, warnings }
  }

  const changed = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(reload, settleMs)
    timer.unref()
  }
  const watcher = watchFile(file, changed)
  let policyFile = options.current.policy?.file ?? null
  let policyWatcher = watchFile(policyFile, changed)
  const followPolicy = (): void => {
    const next = current.policy?.file ?? null
    if (next === policyFile) return
    policyWatcher?.close()
    policyFile = next
    policyWatcher = watchFile(next, changed)
  }
  process.on('SIGHUP', reload)
  return {
    current: () => current,
    reload,
    [Symbol.dispose]: () => {
      process.off('SIGHUP', reload)
      if (timer !== null) clearTimeout(timer)
      watcher?.close()
      policyWatcher?.close()
    },
  }
}

/** Watches the folder: editors and Kubernetes replace the file, and a watch on the file would follow the old one. */
function watchFile(file: string | null, changed: () => void): ReturnType<typeof watch> | null {
  if (file === null) return null
  const name = basename(file)
  const watcher = watch(dirname(file), { persistent: false }, (_event, entry) => {
    // Kubernetes swaps the link `..data`; some systems give no name.
    if (entry === null || entry === name || entry.startsWith('..')) changed()
  })
  // A folder that goes away ends the watch; SIGHUP still works.
  watcher.on('error', () => {
    watcher.close()
  })
  return watcher
}

function restartWarnings(before: Config, after: Config): readonly string[] {
  return Object.entries(NEEDS_RESTART)
    .filter(([, part]) => JSON.stringify(part(before)) !== JSON.stringify(part(after)))
    .map(([section]) => `${section}: the change takes effect after a restart`)
}

/** The hash leaves secrets out, and a rotated credential must still be taken up. */
function secretsHash(config: Config): string {
  const secrets = config.upstreams.map(({ credential, headers }) => [
    Object.values(headers),
    credential.kind === 'header' ? credential.secret : '',
    credential.kind === 'sigv4'
      ? [credential.accessKeyId, credential.secretAccessKey, credential.sessionToken]
      : '',
  ])
  return createHash('sha256').update(JSON.stringify(secrets)).digest('hex')
}
