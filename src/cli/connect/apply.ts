/** Plans the changes of one client and how they are undone; a file that cannot be read in full is never touched. */
import { dirname } from 'node:path'
import type { ClientFile, ConnectedClient, Machine, Target } from './client.ts'
import { FORMATS } from './formats/formats.ts'
import type { ChangedFile, Connection } from './ledger.ts'

export type Plan =
  | { readonly kind: 'change'; readonly connection: Connection }
  /** It leads through this gateway already. */
  | { readonly kind: 'unchanged' }
  /** `path` is empty where the client as a whole is left alone. */
  | { readonly kind: 'refused'; readonly path: string; readonly reason: string }

/** `earlier` is what an earlier connect did: it is undone first, so that connecting twice is connecting once. */
export function planOf(
  client: ConnectedClient,
  machine: Machine,
  target: Target,
  earlier: Connection | null,
): Plan {
  const undone = new Map<string, string | null>()
  for (const file of earlier?.files ?? []) {
    const back = undoneText(file, machine.read(file.path))
    if (back.kind === 'refused') return { ...back, path: file.path }
    undone.set(file.path, back.text)
  }
  const clean: Machine = {
    ...machine,
    read: (path) => (undone.has(path) ? (undone.get(path) ?? null) : machine.read(path)),
  }
  const plan = client.plan(clean, target)
  if (plan.kind === 'refused') return { ...plan, path: '' }
  const files: ChangedFile[] = []
  for (const file of plan.files) {
    const before = earlier?.files.find(({ path }) => path === file.path) ?? null
    const changed = changedFile(file, clean, before)
    if (typeof changed === 'string') return { kind: 'refused', path: file.path, reason: changed }
    files.push(changed)
  }
  const isSame = files.every(({ path, written }) => machine.read(path) === written)
  return isSame && earlier !== null
    ? { kind: 'unchanged' }
    : { kind: 'change', connection: { client: client.name, gateway: target.gateway, files } }
}

/** A text is the reason why it is not touched. */
function changedFile(
  { path, format, settings, isSecret }: ClientFile,
  machine: Machine,
  before: ChangedFile | null,
): ChangedFile | string {
  const original = machine.read(path)
  const edited = FORMATS[format](original ?? '', settings)
  if (edited.kind === 'refused') return edited.reason
  return {
    path,
    format,
    original,
    written: edited.text,
    before: edited.before,
    mode: isSecret ? 0o600 : null,
    modeBefore: before === null ? machine.modeOf(path) : before.modeBefore,
    madeFolder: before === null ? outermostMissing(dirname(path), machine) : before.madeFolder,
  }
}

function outermostMissing(folder: string, machine: Machine): string | null {
  let missing: string | null = null
  for (let at = folder; !machine.exists(at) && dirname(at) !== at; at = dirname(at)) missing = at
  return missing
}

export type Undone =
  /** Null: it was not there before, so it is removed. */
  | { readonly kind: 'text'; readonly text: string | null; readonly isExact: boolean }
  | { readonly kind: 'refused'; readonly reason: string }

/** To the byte where nobody changed the file since; else only what `connect` set is put back. */
export function undoneText(file: ChangedFile, now: string | null): Undone {
  if (now === file.written) return { kind: 'text', text: file.original, isExact: true }
  if (now === null) return { kind: 'text', text: null, isExact: false }
  const edited = FORMATS[file.format](now, file.before)
  return edited.kind === 'refused' ? edited : { kind: 'text', text: edited.text, isExact: false }
}
