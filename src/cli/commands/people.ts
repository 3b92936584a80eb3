/** `custody people list | invite | roles | disable | enable | holdings`: who may use the console, through the API alone. */
import type { Command } from 'commander'
import {
  createLoginLink,
  createPerson,
  listPeople,
  readHoldings,
  updatePerson,
} from '../../api/contract/people.ts'
import type { Person } from '../../api/contract/people.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { ROLES, isRole } from '../../model/people.ts'
import type { Role } from '../../model/people.ts'
import { EXIT, failWith, print, printJson, printTable, say, timeText } from '../output.ts'
import type { ApiClient } from '../remote/api-client.ts'
import { serverFor, withServer } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'

interface PeopleOptions extends ServerOptions {
  readonly json?: boolean
}

export function registerPeople(program: Command): void {
  const people = program.command('people').description('list, invite and disable people')
  const of = (name: string, description: string): Command =>
    remote(people.command(name).description(description).argument('<login>', 'login of the person'))
  remote(people.command('list').description('people, oldest first')).action(list)
  of('invite', 'add a person and make a one-time login link')
    .option('--name <text>', 'full name')
    .option('--role <role...>', ROLES.join(', '))
    .action(invite)
  of('roles', 'give a person other roles')
    .requiredOption('--role <role...>', ROLES.join(', '))
    .action(roles)
  of('disable', 'end what a person and their keys do here, at once').action((login, options) =>
    switched(login, options, true),
  )
  of('enable', 'let a disabled person back').action((login, options) =>
    switched(login, options, false),
  )
  of('holdings', 'keys and trust rules a person answers for, jobs they set off').action(holdings)
}

function remote(command: Command): Command {
  return withServer(command.option('--json', 'JSON Lines'))
}

/** Who may do what is decided by roles, and only a running control plane knows whose. */
function apiOf(options: PeopleOptions): ApiClient | null {
  const api = serverFor(options)
  if (api === null)
    failWith(
      EXIT.usage,
      'people are kept by a running gateway',
      'name its control plane with --server or CUSTODY_SERVER; custody login-link makes a way in',
    )
  return api
}

async function list(options: PeopleOptions): Promise<void> {
  const { items } = (await apiOf(options)?.call(listPeople)) ?? { items: null }
  if (items === null) return
  if (options.json === true) {
    for (const person of items) printJson(person)
    return
  }
  printTable(items, [
    { title: 'LOGIN', of: ({ login }) => login, widthMax: 40 },
    { title: 'NAME', of: ({ name }) => name || '-', widthMax: 32 },
    { title: 'ROLES', of: (person) => person.roles.join(' '), widthMax: 60 },
    { title: 'ANSWERS FOR', of: approverGroupsText, widthMax: 60 },
    { title: 'STATE', of: ({ disabled }) => (disabled ? 'disabled' : 'active'), widthMax: 10 },
    {
      title: 'LAST LOGIN',
      of: ({ lastLoginAtMs: ms }) => (ms === null ? 'never' : timeText(ms)),
      widthMax: 20,
    },
  ])
}

async function invite(
  login: string,
  options: PeopleOptions & { readonly name?: string; readonly role?: readonly string[] },
): Promise<void> {
  const wanted = rolesIn(options.role ?? ['member'])
  const api = wanted === null ? null : apiOf(options)
  if (api === null || wanted === null) return
  const person = await api.call(createPerson, {
    body: { login, name: options.name ?? '', roles: wanted },
  })
  const { loginUrl, expiresAtMs } = await api.call(createLoginLink, { params: { id: person.id } })
  if (options.json === true) return printJson({ ...person, loginUrl, expiresAtMs })
  say(`${visibleLine(login)} is added. Hand this link over in person; it works once:`)
  print(visibleLine(loginUrl ?? '', 2000))
}

async function roles(
  login: string,
  options: PeopleOptions & { readonly role: readonly string[] },
): Promise<void> {
  const wanted = rolesIn(options.role)
  if (wanted !== null) await changed(login, options, { roles: wanted })
}

async function switched(login: string, options: PeopleOptions, disabled: boolean): Promise<void> {
  await changed(login, options, { disabled })
}

async function changed(
  login: string,
  options: PeopleOptions,
  body: { readonly roles?: readonly Role[]; readonly disabled?: boolean },
): Promise<void> {
  const api = apiOf(options)
  const person = api === null ? null : await personNamed(api, login)
  if (api === null || person === null) return
  const after = await api.call(updatePerson, {
    params: { id: person.id },
    headers: { 'if-match': person.etag },
    body,
  })
  if (options.json === true) printJson(after)
  else
    print(
      `${visibleLine(login)}: ${after.disabled ? 'disabled' : 'active'}, ${after.roles.join(' ')}`,
    )
}

async function holdings(login: string, options: PeopleOptions): Promise<void> {
  const api = apiOf(options)
  const person = api === null ? null : await personNamed(api, login)
  if (api === null || person === null) return
  const held = await api.call(readHoldings, { params: { id: person.id } })
  if (options.json === true) return printJson(held)
  for (const { id, name } of held.keys) print(`key ${id} ${visibleLine(name)}`)
  for (const { name, isConfigured } of held.rules)
    print(`trust rule ${visibleLine(name)}${isConfigured ? ', in custody.yaml' : ''}`)
  for (const { rule, principal, lastUsedAtMs } of held.jobs)
    print(
      `set off ${visibleLine(principal)} by the rule ${visibleLine(rule)}, last ${timeText(lastUsedAtMs)}`,
    )
}

async function personNamed(api: ApiClient, login: string): Promise<Person | null> {
  const { items } = await api.call(listPeople)
  const person = items.find((one) => one.login === login) ?? null
  if (person === null)
    failWith(EXIT.notFound, 'there is no such person', 'custody people list shows the logins')
  return person
}

function rolesIn(written: readonly string[]): readonly Role[] | null {
  const known = written.filter(isRole)
  if (known.length === written.length) return known
  failWith(EXIT.usage, '--role names no such role', ROLES.join(', '))
  return null
}

/** Groups of approvers, and until when a login counts. */
function approverGroupsText({ approverGroups }: Person): string {
  const said = approverGroups.map(({ name, untilMs }) =>
    untilMs === null ? name : `${name} until ${timeText(untilMs)}`,
  )
  return said.length === 0 ? '-' : said.join(', ')
}
