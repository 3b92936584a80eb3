/** The printable form of a configuration, and the hash that names a snapshot in evidence. */
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import type { Config } from './config.ts'

/** Plain values with every secret replaced by its source. Safe to print. */
function redactConfig(config: Omit<Config, 'hash'>): Readonly<Record<string, unknown>> {
  const {
    listen,
    admin,
    tls,
    login,
    keys,
    upstreams,
    routes,
    limits,
    recording,
    storage,
    retention,
    log,
  } = config
  const { evidence } = config
  const masking = Object.fromEntries(
    Object.entries(config.masking).map(([name, { rules, ...plan }]) => [
      name,
      { ...plan, rules: rules.ruleset.rules.length },
    ]),
  )
  const text = JSON.stringify({
    listen,
    admin,
    tls,
    login,
    keys,
    upstreams,
    routes,
    ...(Object.keys(masking).length === 0 ? {} : { masking }),
    ...(config.policy === null
      ? {}
      : { policy: { file: config.policy.file, hash: config.policy.loaded.policy.hash } }),
    approvals: config.approvals,
    limits,
    recording,
    evidence,
    storage,
    retention,
    log,
    ...(config.bundles.approval === 'none' ? {} : { bundles: config.bundles }),
    ...(config.exports.length === 0 ? {} : { exports: config.exports }),
  })
  const plain: Readonly<Record<string, unknown>> = JSON.parse(text)
  return plain
}

/** SHA-256 over the redacted form with sorted keys, 64 hex digits. Changing a secret does not change it. */
export function hashConfig(config: Omit<Config, 'hash'>): string {
  return createHash('sha256')
    .update(canonical(redactConfig(config)))
    .digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
  return `{${pairs.join(',')}}`
}

/** For `custody config print`: the hash, then the redacted form. */
export function printableConfig(config: Config): Readonly<Record<string, unknown>> {
  return { hash: config.hash, ...redactConfig(config) }
}

/** The same as YAML. */
export function printableText(config: Config): string {
  return stringify(printableConfig(config))
}
