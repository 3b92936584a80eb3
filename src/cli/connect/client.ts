/** What `custody connect` knows of a client: how to find it on a machine, and which settings lead it through the gateway. */
import type { FormatName } from './formats/formats.ts'
import type { Setting } from './formats/setting-file.ts'

/** The machine as far as clients need it; a test gives one of its own. */
export interface Machine {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly exists: (path: string) => boolean
  readonly hasProgram: (name: string) => boolean
  /** Null when it is not there. */
  readonly read: (path: string) => string | null
  /** Rights of a file; null when it is not there. */
  readonly modeOf: (path: string) => number | null
}

/** What a client is to call, and with what. */
export interface Target {
  /** Origin of the data plane. */
  readonly gateway: string
  readonly credential:
    /** A command that prints a short-lived token. */
    | { readonly kind: 'helper'; readonly command: string; readonly args: readonly string[] }
    /** A gateway key in a file that only this account can read. */
    | { readonly kind: 'key'; readonly key: string; readonly file: string }
}

export interface ClientFile {
  readonly path: string
  readonly format: FormatName
  readonly settings: readonly Setting[]
  /** It will hold a credential: nobody else may read it. */
  readonly isSecret: boolean
}

export type ClientPlan =
  | { readonly kind: 'files'; readonly files: readonly ClientFile[] }
  /** It is left alone; the reason is for the person. */
  | { readonly kind: 'refused'; readonly reason: string }

export interface ConnectedClient {
  readonly name: string
  readonly title: string
  readonly isFound: (machine: Machine) => boolean
  readonly plan: (machine: Machine, target: Target) => ClientPlan
}

export const NEEDS_KEY: ClientPlan = {
  kind: 'refused',
  reason: 'it cannot run a command for its key: give a gateway key with --key-file',
}

/** Quoted for a POSIX shell where it must be. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

export function helperLine({ credential }: Target): string {
  if (credential.kind === 'key') return `cat ${shellWord(credential.file)}`
  return [credential.command, ...credential.args].map(shellWord).join(' ')
}
