/** Finds upstreams in the environment variables that provider SDKs use; the sandbox stands in when there are none. */
import type { DialectName } from '../model/dialect.ts'
import type { Upstream } from '../model/upstream.ts'
import type { CheckedUpstream } from './schema.ts'
import type { Environment } from './reference.ts'
import type { ProblemText } from './problems.ts'
import { guardedHeaders } from './secret.ts'
import { resolveUpstream } from './upstreams.ts'
import type { UpstreamContext } from './upstreams.ts'

export type EnvironmentContext = Pick<UpstreamContext, 'env' | 'folder' | 'listeners' | 'warn'> & {
  /** `variable` is the environment variable at fault. */
  readonly report: (variable: string, problem: ProblemText, missing?: boolean) => void
}

interface Found {
  readonly name: string
  /** The variable that gives the address; empty when none does. */
  readonly baseUrlEnv: string
  readonly credentialEnv: string
  readonly written: Partial<CheckedUpstream>
}

/** Upstream names of zero configuration, in the order they are printed. */
const SANDBOX_UPSTREAMS: readonly (readonly [name: string, dialect: DialectName])[] = [
  ['openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
  ['bedrock', 'bedrock'],
  ['azure', 'openai'],
  ['ollama', 'ollama'],
]

export function environmentUpstreams(context: EnvironmentContext): readonly Upstream[] {
  const { env } = context
  const found = [
    keyed(context, 'openai', ['OPENAI_API_KEY'], 'OPENAI_BASE_URL'),
    keyed(context, 'anthropic', ['ANTHROPIC_API_KEY'], 'ANTHROPIC_BASE_URL'),
    keyed(context, 'gemini', ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], 'GOOGLE_GEMINI_BASE_URL'),
    bedrock(context),
    azure(context),
    ollama(env),
  ].filter((entry) => entry !== null)
  if (found.length === 0) return SANDBOX_UPSTREAMS.map(([name, dialect]) => sandbox(name, dialect))
  return found.map((entry) => resolve(entry, context)).filter((upstream) => upstream !== null)
}

function resolve(entry: Found, context: EnvironmentContext): Upstream | null {
  const written: CheckedUpstream = {
    headers: {},
    dropBetas: [],
    allowLinkLocalAddresses: false,
    ...entry.written,
  }
  return resolveUpstream(entry.name, written, {
    ...context,
    report: (path, problem, missing) => {
      const atUrl = path[0] === 'baseUrl'
      const hint =
        atUrl && problem.message.includes('this gateway itself')
          ? `${entry.baseUrlEnv} is meant for callers. Unset it in the shell that starts the gateway, or start the gateway from another shell.`
          : problem.hint
      const text = hint === undefined ? problem : { ...problem, hint }
      context.report(atUrl ? entry.baseUrlEnv : entry.credentialEnv, text, missing)
    },
  })
}

const isSet = (env: Environment, name: string): boolean => (env[name] ?? '') !== ''

function keyed(
  context: EnvironmentContext,
  preset: 'openai' | 'anthropic' | 'gemini',
  keyNames: readonly string[],
  baseUrlEnv: string,
): Found | null {
  const { env, warn } = context
  const credentialEnv = keyNames.find((name) => isSet(env, name))
  const baseUrl = env[baseUrlEnv]
  const hasBaseUrl = baseUrl !== undefined && baseUrl !== ''
  if (credentialEnv === undefined) {
    if (hasBaseUrl) warn(`${baseUrlEnv} is ignored because ${keyNames.join(' or ')} is not set`)
    return null
  }
  const written = {
    preset,
    credential: `\${${credentialEnv}}`,
    ...(hasBaseUrl ? { baseUrl } : {}),
  }
  return { name: preset, baseUrlEnv, credentialEnv, written }
}

function bedrock({ env, warn }: EnvironmentContext): Found | null {
  const bearer = isSet(env, 'AWS_BEARER_TOKEN_BEDROCK')
  const keyId = isSet(env, 'AWS_ACCESS_KEY_ID')
  const secretKey = isSet(env, 'AWS_SECRET_ACCESS_KEY')
  if (!bearer && !(keyId && secretKey)) {
    if (keyId || secretKey) {
      warn('bedrock is not configured: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together')
    }
    return null
  }
  const region = [env['AWS_REGION'], env['AWS_DEFAULT_REGION']].find(
    (text) => text !== undefined && text !== '',
  )
  if (region === undefined || !/^[a-z0-9-]{2,32}$/.test(region)) {
    warn('bedrock is not configured: set AWS_REGION to a region such as us-east-1')
    return null
  }
  const base = { name: 'bedrock', baseUrlEnv: '' }
  if (bearer) {
    const credentialEnv = 'AWS_BEARER_TOKEN_BEDROCK'
    return { ...base, credentialEnv, written: { preset: 'bedrock', region } }
  }
  const sigv4 = {
    region,
    accessKeyId: '${AWS_ACCESS_KEY_ID}',
    secretAccessKey: '${AWS_SECRET_ACCESS_KEY}',
    ...(isSet(env, 'AWS_SESSION_TOKEN') ? { sessionToken: '${AWS_SESSION_TOKEN}' } : {}),
  }
  const credentialEnv = 'AWS_SECRET_ACCESS_KEY'
  return { ...base, credentialEnv, written: { preset: 'bedrock', sigv4 } }
}

function azure({ env, warn }: EnvironmentContext): Found | null {
  const baseUrl = env['AZURE_OPENAI_ENDPOINT'] ?? ''
  const hasKey = isSet(env, 'AZURE_OPENAI_API_KEY')
  if (baseUrl === '' || !hasKey) {
    if (baseUrl !== '' || hasKey) {
      warn(
        'azure is not configured: AZURE_OPENAI_API_KEY and AZURE_OPENAI_ENDPOINT belong together',
      )
    }
    return null
  }
  return {
    name: 'azure',
    baseUrlEnv: 'AZURE_OPENAI_ENDPOINT',
    credentialEnv: 'AZURE_OPENAI_API_KEY',
    written: { preset: 'azure-openai', baseUrl },
  }
}

/** `OLLAMA_HOST` is also the address the server binds to, so `0.0.0.0` and a missing scheme or port are usual. */
function ollama(env: Environment): Found | null {
  const host = (env['OLLAMA_HOST'] ?? '').trim()
  if (host === '') return null
  const withScheme = host.includes('://') ? host : `http://${host}`
  const url = URL.parse(withScheme)
  const bound = url?.hostname === '0.0.0.0' || url?.hostname === '[::]'
  const bare = url === null || host.includes('://') || /:\d+\/?$/.test(host)
  if (url !== null && bound) url.hostname = '127.0.0.1'
  if (url !== null && !bare) url.port = '11434'
  return {
    name: 'ollama',
    baseUrlEnv: 'OLLAMA_HOST',
    credentialEnv: 'OLLAMA_HOST',
    written: { preset: 'ollama', baseUrl: url === null ? withScheme : url.href },
  }
}

function sandbox(name: string, dialect: DialectName): Upstream {
  return {
    name,
    dialect,
    baseUrl: '',
    credential: { kind: 'none' },
    headers: guardedHeaders(new Map()),
    dropBetas: [],
    allowPrivateAddresses: true,
    allowLinkLocalAddresses: false,
    sandbox: true,
  }
}
