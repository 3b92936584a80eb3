/** Boots the real gateway in this process: own data folder, free ports, the sandbox as upstream, nothing mocked. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../../src/app/app.ts'
import type { App } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Disk } from '../../src/evidence/disk.ts'
import type { RecordedExchange } from '../../src/evidence/reader.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { isExchangeId } from '../../src/lib/ids.ts'
import { startSandbox } from '../../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../../src/sandbox/start-sandbox.ts'
import { placeDatabases } from './made-databases.ts'

export interface TestGateway extends AsyncDisposable {
  readonly app: App
  readonly url: string
  readonly adminUrl: string
  /** Empty where another gateway on the same database made the first key. */
  readonly key: string
  readonly folder: string
  /** The upstream of every configured name. */
  readonly sandbox: Sandbox
  /** What evidence holds of an exchange, after it is durable and indexed. */
  readonly recorded: (id: string | null) => Promise<RecordedExchange>
}

export interface TestGatewayOptions {
  /** Lines of custody.yaml to add below `upstreams:` and the rest. `{sandbox}` becomes the sandbox URL. */
  readonly yaml?: string
  /** Text of the policy file. */
  readonly policy?: string
  readonly env?: Readonly<Record<string, string>>
  /** Where faults are injected. */
  readonly disk?: Disk
  /** The time of day, for tests that cannot wait for it. */
  readonly clock?: Clock
  /** When threads begin that index and search, unless a question comes before. */
  readonly beginAfterMs?: number
  /** Where callers connect; any free one unless told. */
  readonly port?: number
  /** Reuse a folder; it is not removed. */
  readonly folder?: string
}

const UPSTREAMS = `upstreams:
  openai: { dialect: openai, baseUrl: '{sandbox}', allowPrivateAddresses: true }
  anthropic: { dialect: anthropic, baseUrl: '{sandbox}', allowPrivateAddresses: true }
  gemini: { dialect: gemini, baseUrl: '{sandbox}', allowPrivateAddresses: true }
  bedrock: { dialect: bedrock, baseUrl: '{sandbox}', allowPrivateAddresses: true }
  azure: { dialect: openai, baseUrl: '{sandbox}', allowPrivateAddresses: true }
  ollama: { dialect: ollama, baseUrl: '{sandbox}', allowPrivateAddresses: true }
`

export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  await using stack = new AsyncDisposableStack()
  const sandbox = stack.use(await startSandbox())
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'custody-test-')))
  if (options.folder === undefined) stack.defer(() => rm(folder, { recursive: true, force: true }))
  const policy = options.policy === undefined ? '' : 'policy: policy.yaml\n'
  if (options.policy !== undefined) await writeFile(join(folder, 'policy.yaml'), options.policy)
  const written = policy + (options.yaml ?? '')
  const yaml = `${written.includes('upstreams:') ? '' : UPSTREAMS}${written}`.replaceAll(
    '{sandbox}',
    sandbox.url,
  )
  const file = join(folder, 'custody.yaml')
  await writeFile(file, yaml)
  const loaded = loadConfig({
    env: { CUSTODY_LOG__LEVEL: 'silent', ...options.env },
    flags: {
      data: join(folder, 'data'),
      listen: `127.0.0.1:${options.port ?? 0}`,
      admin: '127.0.0.1:0',
      config: file,
    },
  })
  if (loaded.kind === 'problems')
    throw new Error(`the test configuration is wrong: ${JSON.stringify(loaded.problems)}`)
  const { storage } = loaded.config
  if (storage.index.kind === 'sqlite') await placeDatabases(storage.folder)
  const app = stack.use(
    await startApp(loaded.config, {
      ...(options.disk === undefined ? {} : { disk: options.disk }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      // A third of the work of a gateway that has little to do; whoever asks them begins them.
      beginAfterMs: options.beginAfterMs ?? 3_600_000,
    }),
  )
  const key = app.starterKey ?? ''
  const owned = stack.move()
  return {
    app,
    url: app.proxyUrl,
    adminUrl: app.adminUrl,
    key,
    folder: join(folder, 'data'),
    sandbox,
    recorded: async (id) => {
      if (id === null || !isExchangeId(id)) throw new Error(`not an exchange id: ${id}`)
      await app.evidence.flush()
      const exchange = await app.evidence.reader.readExchange(id)
      if (exchange === null) throw new Error(`nothing is recorded of ${id}`)
      return exchange
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
