/** `custody trust list | show | set | remove | hand-over`: trust rules of the control plane; those of custody.yaml are shown. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import {
  createTrustRule,
  deleteTrustRule,
  handOverTrustRule,
  listTrustRules,
  updateTrustRule,
} from '../../api/contract/trust.ts'
import type { TrustRule } from '../../api/contract/trust.ts'
import { readYamlMap } from '../../config/edit-yaml.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { EXIT, failWith, print, printJson, printTable, timeText } from '../output.ts'
import type { ApiClient } from '../remote/api-client.ts'
import { serverFor, withServer } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'
import { terminal } from '../terminal.ts'

interface TrustOptions extends ServerOptions {
  readonly json?: boolean
}

export function registerTrust(program: Command): void {
  const trust = program
    .command('trust')
    .description('list, write and hand over trust rules of a running gateway')
  const named = (name: string, description: string): Command =>
    remote(trust.command(name).description(description).argument('<name>', 'name of the rule'))
  remote(trust.command('list').description('trust rules, those of custody.yaml first')).action(list)
  named('show', 'one trust rule').action(show)
  named('set', 'make a trust rule, or write it anew')
    .requiredOption('--file <path>', 'its settings in YAML or JSON, - for standard input')
    .action(set)
  named('remove', 'remove a trust rule; the tokens it let in end').action(remove)
  named('hand-over', 'give a trust rule to a person; renews it where it is about to expire or has')
    .requiredOption('--to <login>', 'login of an active person')
    .action(handOver)
}

function remote(command: Command): Command {
  return withServer(command.option('--json', 'JSON Lines'))
}

/** Rules are of no use to a gateway that does not run, and a change of them is evidence that only a running one keeps. */
function apiOf(options: TrustOptions): ApiClient | null {
  const api = serverFor(options)
  if (api === null)
    failWith(
      EXIT.usage,
      'trust rules are kept by a running gateway',
      'name its control plane with --server or CUSTODY_SERVER, or write the rule into custody.yaml',
    )
  return api
}

async function list(options: TrustOptions): Promise<void> {
  const api = apiOf(options)
  if (api === null) return
  const { items } = await api.call(listTrustRules)
  if (options.json === true) {
    for (const rule of items) printJson(rule)
    return
  }
  printTable(items, [
    { title: 'NAME', of: ({ name }) => name, widthMax: 32 },
    { title: 'KIND', of: ({ kind, preset }) => preset ?? kind, widthMax: 16 },
    { title: 'ISSUER', of: ({ issuer }) => issuer, widthMax: 44 },
    { title: 'OWNER', of: ({ owner }) => owner, widthMax: 24 },
    { title: 'SERVICE', of: ({ service }) => service || '-', widthMax: 24 },
    { title: 'LAST USED', of: ({ lastUsedAtMs }) => momentText(lastUsedAtMs), widthMax: 20 },
    { title: 'FLAGS', of: ({ flags }) => flags.join(' ') || '-', widthMax: 24 },
    { title: 'EXPIRES', of: endText, widthMax: 28 },
  ])
}

function whyEnd({ ended, flags }: TrustRule): string {
  return ended?.because ?? flags.join(' ')
}

/** Nothing ends a rule that is used and owned. */
function endText({ ended, endsAtMs }: TrustRule): string {
  if (ended !== null) return `expired ${timeText(ended.atMs)}`
  return endsAtMs === null ? '-' : timeText(endsAtMs)
}

const momentText = (ms: number | null): string => (ms === null ? 'never' : timeText(ms))

async function show(name: string, options: TrustOptions): Promise<void> {
  const api = apiOf(options)
  if (api === null) return
  const rule = await ruleNamed(api, name)
  if (rule === null) return
  if (options.json === true) printJson(rule)
  else {
    const { written, ...facts } = rule
    print(`${rule.name}, ${rule.isConfigured ? 'of custody.yaml' : 'of the control plane'}`)
    const end = endText(rule)
    if (end !== '-') print(`  ${rule.ended === null ? 'expires ' : ''}${end}: ${whyEnd(rule)}`)
    for (const [key, value] of Object.entries(written ?? facts))
      print(
        visibleLine(`  ${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`, 400),
      )
  }
}

async function set(name: string, options: TrustOptions & { readonly file: string }): Promise<void> {
  const api = apiOf(options)
  if (api === null) return
  const rule = readYamlMap(await textOf(options.file))
  if (rule === null)
    return failWith(
      EXIT.usage,
      `${options.file} holds no settings`,
      'write what custody.yaml would hold',
    )
  const { items } = await api.call(listTrustRules)
  const known = items.find((one) => one.name === name)
  if (known?.isConfigured === true)
    return failWith(EXIT.failed, 'the rule stands in custody.yaml', 'change it there')
  const saved =
    known === undefined
      ? await api.call(createTrustRule, { body: { name, rule } })
      : await api.call(updateTrustRule, {
          params: { name },
          headers: { 'if-match': known.etag ?? '' },
          body: { rule },
        })
  if (options.json === true) printJson(saved)
  else
    print(
      `${known === undefined ? 'made' : 'changed'} ${visibleLine(name)}, owned by ${visibleLine(saved.owner)}`,
    )
}

async function textOf(file: string): Promise<string> {
  if (file === '-') return readAll(terminal().in)
  return readFileSync(resolve(terminal().folder, file), 'utf8')
}

async function remove(name: string, options: TrustOptions): Promise<void> {
  const api = apiOf(options)
  if (api === null) return
  await api.end(deleteTrustRule, { params: { name } })
  if (options.json === true) printJson({ name, state: 'removed' })
  else print(`removed ${visibleLine(name)}`)
}

async function handOver(
  name: string,
  options: TrustOptions & { readonly to: string },
): Promise<void> {
  const api = apiOf(options)
  if (api === null) return
  const rule = await api.call(handOverTrustRule, {
    params: { name },
    body: { owner: options.to },
  })
  if (options.json === true) printJson({ name, owner: rule.owner })
  else print(`${visibleLine(name)} belongs to ${visibleLine(rule.owner)} now`)
}

async function ruleNamed(api: ApiClient, name: string): Promise<TrustRule | null> {
  const { items } = await api.call(listTrustRules)
  const rule = items.find((one) => one.name === name) ?? null
  if (rule === null)
    failWith(EXIT.notFound, 'there is no such trust rule', 'custody trust list shows them')
  return rule
}
