/** `custody login-link`: a new one-time link into the console, made on the data folder by whoever may write there. */
import type { Command } from 'commander'
import { consoleOrigin } from '../../app/control-plane.ts'
import { mayUseLink } from '../../identity/break-glass.ts'
import { loginUrl, mintLoginLink } from '../../identity/login-method.ts'
import { createPerson, isActiveAdmin } from '../../identity/people-admin.ts'
import { systemClock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type { ControlStore } from '../../model/control.ts'
import type { PersonRow } from '../../model/people.ts'
import { hasRecords, openConfiguredStore } from '../data-folder.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'

interface LoginLinkOptions {
  readonly data?: string
  readonly config?: string
  readonly admin?: string
  readonly person?: string
  readonly json?: boolean
}

export function registerLoginLink(program: Command): void {
  program
    .command('login-link')
    .description('make a one-time login link for the console, when nobody can get in')
    .option('--person <login>', 'for whom (default the first active admin)')
    .option('--admin <host:port>', 'control plane of the running gateway')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .option('--json', 'one JSON line')
    .action(loginLink)
}

async function loginLink(options: LoginLinkOptions): Promise<void> {
  const { config } = configFor({
    data: options.data,
    config: options.config,
    admin: options.admin,
  })
  if (!hasRecords(config.storage.folder)) return
  await using store = await openConfiguredStore(config)
  const { login: rules } = config
  const person = await chosen(
    store.control,
    options.person ?? rules.breakGlass[0],
    rules.breakGlass,
  )
  if (person === null || person.disabledAtMs !== null) {
    failWith(EXIT.failed, 'there is no such active person', 'start the gateway once: custody up')
    return
  }
  if (!mayUseLink(rules, person.login)) {
    failWith(
      EXIT.failed,
      'login links are for break-glass accounts alone',
      'name one under login.breakGlass and ask for it with --person',
    )
    return
  }
  const link = await mintLoginLink(store.control.loginLinks, systemClock, person.id)
  const nowMs = systemClock.nowMs()
  await store.control.audit.append({
    id: newControlId('au', nowMs),
    atMs: nowMs,
    person: '',
    personName: '',
    operation: 'people.login-link',
    target: person.id,
    outcome: 'done',
    reason: '',
    address: '',
    authentication: 'data folder',
    details: { login: person.login },
  })
  const { host, port } = config.admin
  const origin = consoleOrigin(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
  const url = loginUrl(origin, link.token)
  if (options.json === true) {
    printJson({ loginUrl: url, person: person.login, expiresAtMs: link.expiresAtMs })
    return
  }
  say(`For ${person.login}, once, within 15 minutes:`)
  print(url)
}

async function chosen(
  control: ControlStore,
  login: string | undefined,
  breakGlass: readonly string[],
): Promise<PersonRow | null> {
  if (login !== undefined) {
    const known = await control.people.byLogin(login)
    if (known !== null || !breakGlass.includes(login)) return known
    // Named by whoever may write the configuration of this machine: made when it is first needed.
    const made = await createPerson(control.people, systemClock, {
      login,
      name: 'Break-glass account',
      roles: ['admin'],
    })
    return made.kind === 'created' ? made.person : null
  }
  return (await control.people.list()).find(isActiveAdmin) ?? null
}
