/** `custody connect` and `disconnect`: shows each change, writes it once it is agreed to, proves that it works, and undoes it. */
import { planOf, undoneText } from './apply.ts'
import type { ConnectedClient, Machine, Target } from './client.ts'
import { CLIENTS } from './clients.ts'
import { readLedger, writeLedger } from './ledger.ts'
import type { Connection } from './ledger.ts'
import { lineDiff } from './line-diff.ts'
import type { Probe } from './probe.ts'
import { restoreSettings, writeSettings } from './write-file.ts'

export interface ConnectParts {
  readonly machine: Machine
  /** Where the ledger is. */
  readonly folder: string
  /** Words for the person. */
  readonly say: (line: string) => void
  /** Lines of a diff, secrets left out. */
  readonly show: (line: string) => void
  readonly agrees: (question: string) => Promise<boolean>
}

export interface ConnectRequest {
  /** Empty: every client that is found. */
  readonly names: readonly string[]
  readonly target: Target
  readonly isDry: boolean
  /** Runs what the clients will run for their credential, and asks the gateway with it. */
  readonly probe: () => Promise<Probe>
}

/** `failed`: nothing stays changed. */
export type ConnectEnd = 'done' | 'nothing-to-do' | 'declined' | 'failed'

export async function connect(parts: ConnectParts, request: ConnectRequest): Promise<ConnectEnd> {
  const { machine, folder, say } = parts
  const ledger = readLedger(folder)
  const changes: Connection[] = []
  let isRefused = false
  for (const client of chosen(request.names, machine)) {
    const earlier = ledger.find((one) => one.client === client.name) ?? null
    const plan = planOf(client, machine, request.target, earlier)
    if (plan.kind === 'unchanged') say(`${client.title}: connected already`)
    else if (plan.kind === 'refused') {
      isRefused = true
      say(`${client.title}: left alone: ${plan.path === '' ? '' : `${plan.path}: `}${plan.reason}`)
    } else {
      changes.push(plan.connection)
      showChange(client.title, plan.connection, parts)
    }
  }
  if (changes.length === 0)
    return isRefused && request.names.length > 0 ? 'failed' : 'nothing-to-do'
  if (request.isDry) return 'done'
  if (!(await parts.agrees('Write these changes?'))) return 'declined'
  const names = new Set(changes.map(({ client }) => client))
  const others = ledger.filter(({ client }) => !names.has(client))
  const before = changes.flatMap(({ files }) =>
    files.map((file) => ({ file, text: machine.read(file.path) })),
  )
  // First the ledger: what is written can be undone, also after a crash between the two.
  writeLedger(folder, [...others, ...changes])
  for (const { file } of before) writeSettings(file)
  const probe = await request.probe()
  if (probe.kind === 'let-in') {
    say(`The gateway lets this credential in (exchange ${probe.exchange}).`)
    return 'done'
  }
  say(
    probe.kind === 'refused'
      ? `The gateway refuses this credential (${probe.status}, ${probe.code}).`
      : `The gateway does not answer: ${probe.reason}`,
  )
  for (const { file, text } of before) restoreSettings(file, text)
  writeLedger(folder, ledger)
  say('Everything is as it was before.')
  return 'failed'
}

export async function disconnect(
  parts: ConnectParts,
  request: { readonly names: readonly string[]; readonly isDry: boolean },
): Promise<ConnectEnd> {
  const { machine, folder, say } = parts
  const ledger = readLedger(folder)
  const wanted = ledger.filter(
    ({ client }) => request.names.length === 0 || request.names.includes(client),
  )
  for (const name of request.names)
    if (!wanted.some(({ client }) => client === name)) say(`${name}: is not connected`)
  const undone: Connection[] = []
  let isRefused = false
  const writes: (() => void)[] = []
  for (const connection of wanted) {
    const title = titleOf(connection.client)
    const backs = connection.files.map((file) => ({
      file,
      now: machine.read(file.path),
      back: undoneText(file, machine.read(file.path)),
    }))
    const refused = backs.find(({ back }) => back.kind === 'refused')
    if (refused?.back.kind === 'refused') {
      isRefused = true
      say(`${title}: left alone: ${refused.file.path}: ${refused.back.reason}`)
      continue
    }
    undone.push(connection)
    for (const { file, now, back } of backs) {
      if (back.kind === 'refused') continue
      say(`${title}: ${file.path}${back.isExact ? '' : ' (changed since; only our settings go)'}`)
      for (const line of lineDiff(now ?? '', back.text ?? '')) parts.show(line)
      // What somebody removed meanwhile stays removed.
      if (now !== null) writes.push(() => restoreSettings(file, back.text))
    }
  }
  if (undone.length === 0) return isRefused ? 'failed' : 'nothing-to-do'
  if (request.isDry) return 'done'
  if (!(await parts.agrees('Restore these files?'))) return 'declined'
  for (const write of writes) write()
  writeLedger(
    folder,
    ledger.filter((one) => !undone.includes(one)),
  )
  return isRefused ? 'failed' : 'done'
}

/** What is found here, and what leads through a gateway. */
export function listed(parts: Pick<ConnectParts, 'machine' | 'folder'>): readonly {
  readonly client: string
  readonly title: string
  readonly state: 'connected' | 'found' | 'not found'
  readonly gateway: string
  readonly files: readonly string[]
}[] {
  const ledger = readLedger(parts.folder)
  return CLIENTS.map((client) => {
    const connection = ledger.find((one) => one.client === client.name)
    const isFound = client.isFound(parts.machine)
    return {
      client: client.name,
      title: client.title,
      state: connection !== undefined ? 'connected' : isFound ? 'found' : 'not found',
      gateway: connection?.gateway ?? '',
      files: connection?.files.map(({ path }) => path) ?? [],
    }
  })
}

function chosen(names: readonly string[], machine: Machine): readonly ConnectedClient[] {
  return CLIENTS.filter((client) =>
    names.length === 0 ? client.isFound(machine) : names.includes(client.name),
  )
}

function titleOf(name: string): string {
  return CLIENTS.find((client) => client.name === name)?.title ?? name
}

function showChange(title: string, { files }: Connection, { machine, say, show }: ConnectParts) {
  for (const { path, written } of files) {
    say(`${title}: ${path}`)
    for (const line of lineDiff(machine.read(path) ?? '', written)) show(line)
  }
}
