/** `custody dead-letters`: what receivers of events, notices and alerts did not take; lists it, has it sent again, gives it up. */
import type { Command } from 'commander'
import {
  dropDeadLetters,
  listDeadLetters,
  retryDeadLetters,
  type DeadLetter,
} from '../../api/contract/dead-letters.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { EXIT, failWith, print, printJson, printTable, say, timeText } from '../output.ts'
import type { ApiClient } from '../remote/api-client.ts'
import { gatewayFor, reasonFrom } from '../remote/gateway-only.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'

interface Options extends ServerOptions {
  readonly json?: boolean
}

interface ActOptions extends Options {
  readonly all?: boolean
  readonly receiver?: string
}

export function registerDeadLetters(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('what receivers of events, notices and alerts did not take')
  withServer(
    letters
      .command('list', { isDefault: true })
      .description('the newest two hundred; never what was said, nor the address')
      .option('--json', 'JSON Lines'),
  ).action(list)
  withServer(
    letters
      .command('show')
      .description('one of them')
      .argument('<id>', 'as the list has it')
      .option('--json', 'one JSON object'),
  ).action(show)
  withServer(
    withChoice(letters.command('retry').description('have them sent once more, under the same id')),
  ).action((ids: readonly string[], options: ActOptions) =>
    act(ids, options, 'is sent again', (api, chosen) =>
      api.call(retryDeadLetters, { body: { ids: [...chosen] } }),
    ),
  )
  withServer(
    withChoice(
      letters.command('drop').description('give them up: their receivers never hear of them'),
    ).option('--reason <text>', 'why; it is recorded'),
  ).action((ids: readonly string[], options: ActOptions & { readonly reason?: string }) => {
    const reason = reasonFrom(options.reason)
    return act(ids, options, 'is dropped', (api, chosen) =>
      api.call(dropDeadLetters, { body: { ids: [...chosen], reason } }),
    )
  })
}

function withChoice(command: Command): Command {
  return command
    .argument('[ids...]', 'as the list has them')
    .option('--all', 'all that are listed')
    .option('--receiver <name>', 'all that are listed for this receiver')
    .option('--json', 'one JSON object: `done` and `unknown`')
}

async function list(options: Options): Promise<void> {
  const { items, total } = await gatewayFor(options).call(listDeadLetters, {})
  if (options.json === true) {
    for (const letter of items) printJson(letter)
    return
  }
  if (items.length === 0) say('no dead letter waits')
  else printTable<DeadLetter>(items, COLUMNS)
  if (total > items.length)
    say(`${items.length} of ${total}; the others are older, or on their way`)
}

const COLUMNS = [
  { title: 'ID', of: ({ id }: DeadLetter) => id, widthMax: 120 },
  { title: 'RECEIVER', of: ({ receiver }: DeadLetter) => receiver, widthMax: 30 },
  { title: 'WHAT', of: ({ type }: DeadLetter) => type, widthMax: 24 },
  { title: 'LAST ERROR', of: ({ error }: DeadLetter) => error, widthMax: 24 },
  {
    title: 'ATTEMPTS',
    of: ({ attempts }: DeadLetter) => String(attempts),
    widthMax: 8,
    align: 'right',
  },
  { title: 'SINCE (UTC)', of: ({ sinceMs }: DeadLetter) => timeText(sinceMs), widthMax: 24 },
] as const

async function show(id: string, options: Options): Promise<void> {
  const { items } = await gatewayFor(options).call(listDeadLetters, {})
  const letter = items.find((one) => one.id === id)
  if (letter === undefined)
    return failWith(
      EXIT.notFound,
      'there is no such dead letter',
      'custody dead-letters lists them',
    )
  if (options.json === true) return printJson(letter)
  const { kind, receiver, type, about, attempts, error, sinceMs } = letter
  print(visibleLine(id, 500))
  print(`  receiver  ${visibleLine(receiver, 200)} (${kind})`)
  print(`  what      ${visibleLine(type, 200)} ${visibleLine(about, 500)}`)
  print(`  failed    ${visibleLine(error, 200)}, ${attempts} attempt${attempts === 1 ? '' : 's'}`)
  print(`  since     ${timeText(sinceMs)}`)
}

async function act(
  ids: readonly string[],
  { all, receiver, ...options }: ActOptions,
  what: string,
  deed: (
    api: ApiClient,
    chosen: readonly string[],
  ) => Promise<{ readonly done: readonly string[]; readonly unknown: readonly string[] }>,
): Promise<void> {
  const api = gatewayFor(options)
  const ways = [ids.length > 0, all === true, receiver !== undefined].filter(Boolean)
  if (ways.length !== 1)
    throw usageFailure('give ids, or --all, or --receiver', 'custody dead-letters lists them')
  let chosen = ids
  if (ids.length === 0) {
    const { items } = await api.call(listDeadLetters, {})
    chosen = items
      .filter((one) => receiver === undefined || one.receiver === receiver)
      .map(({ id }) => id)
  }
  if (chosen.length === 0) return failWith(EXIT.notFound, 'no such dead letter waits')
  const { done, unknown } = await deed(api, chosen)
  if (options.json === true) printJson({ done, unknown })
  else for (const id of done) print(`${visibleLine(id, 500)} ${what}`)
  for (const id of unknown) failWith(EXIT.notFound, `${visibleLine(id, 500)} does not wait`)
}
