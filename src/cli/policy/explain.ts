/** `custody policy explain EXCHANGE`: for each rule why it fired or did not, with the facts it saw. */
import { join } from 'node:path'
import { explainExchange as explainRoute } from '../../api/contract/policy.ts'
import { explained, policyThen } from '../../app/explained.ts'
import type { NamedPolicy } from '../../app/explained.ts'
import { readPolicy } from '../../config/policy/read-policy.ts'
import { entitiesOf } from '../../config/policy/resolve-policy.ts'
import type { RecordedExchange } from '../../evidence/reader.ts'
import { openMaskingKey } from '../../evidence/keyring.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import type { Config } from '../../config/config.ts'
import type { RuleExplanation } from '../../policy/explain.ts'
import type { Store } from '../../store/store.ts'
import { openConfiguredStore, openDataFolder } from '../data-folder.ts'
import { exchangeIdFrom, findExchange } from '../find-exchange.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { serverFor } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'
import { policyIn, readOrSay } from './read.ts'

export interface ExplainOptions extends ServerOptions {
  readonly policy?: string
  readonly json?: boolean
}

/** As both places give it. */
interface Shown {
  readonly exchange: string
  readonly source: string
  readonly policy: string
  readonly isThen: boolean
  readonly recorded: {
    readonly policy: string
    readonly verdict: string
    readonly deciding: string | null
  } | null
  readonly rules: readonly RuleExplanation[]
}

export async function explainExchange(written: string, options: ExplainOptions): Promise<void> {
  const id = exchangeIdFrom(written)
  if (id === null) return
  const api = serverFor(options)
  if (api !== null && options.policy !== undefined)
    throw usageFailure('--policy takes no --server', 'explain with a file where the records lie')
  const shown =
    api === null
      ? await explainedHere(id, options)
      : await api.call(explainRoute, { params: { id } })
  if (shown === null) return
  if (options.json === true) printJson(shown)
  else show(shown)
}

/** Null when it was said why. */
async function explainedHere(
  id: RecordedExchange['facts']['id'],
  options: ExplainOptions,
): Promise<Shown | null> {
  const asked = options.policy === undefined ? null : readOrSay(policyIn(options.policy))
  if (asked === null && options.policy !== undefined) return null
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return null
  const recorded = await findExchange(data, id, 'policy explain')
  if (recorded === null) return null
  const hash = recorded.facts.decision?.policy ?? null
  const named =
    asked === null
      ? await policyOf(config, hash)
      : { source: asked.source, policy: asked.loaded.policy }
  if (named === null) {
    failWith(EXIT.failed, 'there is no policy', 'name a file with --policy')
    return null
  }
  const master = await openMaskingKey(join(data.folder, 'keys'), data.keyProvider)
  const shown = await explained(recorded, named, master)
  if (shown === null) failWith(EXIT.failed, `the body of ${id} cannot be read`)
  return shown
}

/** As the gateway on this folder would find it: of the time, else the one in force. */
async function policyOf(config: Config, hash: string | null): Promise<NamedPolicy | null> {
  await using store = await openConfiguredStore(config)
  const entities = entitiesOf(Object.values(config.masking))
  return await policyThen(
    {
      versions: store.control.policyVersions,
      inForce:
        config.policy === null
          ? await newestVersion(store, entities)
          : { source: config.policy.file, policy: config.policy.loaded.policy },
      entities,
    },
    hash,
  )
}

async function newestVersion(
  { control }: Store,
  entities: readonly string[],
): Promise<NamedPolicy | null> {
  const row = await control.policyVersions.latest()
  if (row === null) return null
  const source = `version ${row.version}`
  const reading = readPolicy(row.text, source, entities)
  return reading.kind === 'policy' ? { source, policy: reading.loaded.policy } : null
}

function show({ recorded, source, isThen, rules }: Shown): void {
  if (recorded === null) say('no policy was in force when it was recorded')
  else {
    const by = recorded.deciding === null ? '' : ` by ${recorded.deciding}`
    print(
      visibleLine(
        `recorded: ${recorded.verdict}${by}, policy ${recorded.policy.slice(0, 16)}`,
        1000,
      ),
    )
  }
  print(visibleLine(`explained by ${source}`, 1000))
  if (recorded !== null && !isThen)
    say('warning: this is another policy than the one in force then')
  for (const rule of rules) for (const line of linesOf(rule)) print(visibleLine(line, 1000))
}

function linesOf({ rule, verdict, stage, outcome, criteria, title }: RuleExplanation): string[] {
  return [
    `${rule}: ${outcome} (${verdict}, ${stage}) — ${title}`,
    ...criteria.map(
      ({ name, holds, saw }) => `  ${holds === null ? '?' : holds ? '+' : '-'} ${name}: ${saw}`,
    ),
  ]
}
