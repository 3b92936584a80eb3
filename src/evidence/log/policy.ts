/** C2SP tlog-policy: which logs and witnesses are trusted, and how many must have signed; reads the file and judges by it. */
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { parseNoteKey, type NoteKey } from './note-key.ts'

const POLICY_BYTES_MAX = 262_144
/** The specification asks for at least 32 of each. */
const DEFINITIONS_MAX = 256

export interface PolicyWitness {
  readonly kind: 'witness'
  readonly name: string
  readonly key: NoteKey
  readonly url: string | null
}

export interface PolicyGroup {
  readonly kind: 'group'
  readonly name: string
  readonly threshold: number
  readonly members: readonly (PolicyWitness | PolicyGroup)[]
}

export interface Policy {
  readonly logs: readonly { readonly key: NoteKey; readonly url: string | null }[]
  readonly witnesses: readonly PolicyWitness[]
  /** Null for `quorum none`. */
  readonly quorum: PolicyWitness | PolicyGroup | null
}

export type PolicyReading =
  | { readonly kind: 'ok'; readonly policy: Policy }
  | { readonly kind: 'refused'; readonly line: number; readonly reason: string }

interface Draft {
  readonly logs: { readonly key: NoteKey; readonly url: string | null }[]
  readonly names: Map<string, PolicyWitness | PolicyGroup>
  /** Names that are in a group already: each witness counts in one way only. */
  readonly taken: Set<string>
  quorum: PolicyWitness | PolicyGroup | null | undefined
}

/** The file is octets: names are compared as such, and only keys are read as UTF-8. */
const octets = (text: string): Buffer => Buffer.from(text, 'latin1')

function readKey(text: string, type: NoteKey['type'], known: readonly NoteKey[]): NoteKey | string {
  const key = parseNoteKey(octets(text).toString('utf8'))
  if (key === null) return 'not a verifier key that this version knows'
  if (key.type !== type) return `a key of the wrong type: a ${type} key belongs here`
  return known.some((other) => other.publicBytes.equals(key.publicBytes))
    ? 'the same public key twice'
    : key
}

function addLog(draft: Draft, [text, url, ...more]: readonly string[]): string | null {
  if (text === undefined || more.length > 0) return 'write: log <key> [<url>]'
  if (draft.logs.length === DEFINITIONS_MAX) return 'too many logs'
  const known = draft.logs.map((log) => log.key)
  const key = readKey(text, 'note', known)
  if (typeof key === 'string') return key
  draft.logs.push({ key, url: url ?? null })
  return null
}

const witnessesOf = (draft: Draft): readonly PolicyWitness[] =>
  [...draft.names.values()].filter((entry) => entry.kind === 'witness')

function newNameFault(draft: Draft, name: string): string | null {
  if (name === 'none') return 'the name none is taken'
  if (draft.names.has(name)) return 'a name that is defined already'
  return draft.names.size === 2 * DEFINITIONS_MAX ? 'too many names' : null
}

function addWitness(draft: Draft, words: readonly string[]): string | null {
  const [name, text, url, ...more] = words
  if (name === undefined || text === undefined || more.length > 0)
    return 'write: witness <name> <key> [<url>]'
  const fault = newNameFault(draft, name)
  if (fault !== null) return fault
  const key = readKey(
    text,
    'cosignature',
    witnessesOf(draft).map((witness) => witness.key),
  )
  if (typeof key === 'string') return key
  draft.names.set(name, { kind: 'witness', name, key, url: url ?? null })
  return null
}

function readThreshold(text: string, count: number): number | null {
  if (text === 'all') return count
  if (text === 'any') return 1
  const value = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= count ? value : null
}

function addGroup(draft: Draft, words: readonly string[]): string | null {
  const [name, thresholdText, ...memberNames] = words
  if (name === undefined || thresholdText === undefined || memberNames.length === 0)
    return 'write: group <name> all|any|<k> <name>...'
  const fault = newNameFault(draft, name)
  if (fault !== null) return fault
  const threshold = readThreshold(thresholdText, memberNames.length)
  if (threshold === null) return 'a threshold that the group cannot have'
  const members: (PolicyWitness | PolicyGroup)[] = []
  for (const memberName of memberNames) {
    const member = draft.names.get(memberName)
    if (member === undefined) return 'a member that is not defined on a line before'
    if (draft.taken.has(memberName)) return 'a member that is in a group already'
    draft.taken.add(memberName)
    members.push(member)
  }
  draft.names.set(name, { kind: 'group', name, threshold, members })
  return null
}

function setQuorum(draft: Draft, [name, ...more]: readonly string[]): string | null {
  if (name === undefined || more.length > 0) return 'write: quorum <name>|none'
  if (draft.quorum !== undefined) return 'a second quorum line'
  const quorum = name === 'none' ? null : draft.names.get(name)
  if (quorum === undefined) return 'a quorum that is not defined on a line before'
  draft.quorum = quorum
  return null
}

function readLine(draft: Draft, line: string): string | null {
  const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== '')
  if (keyword === undefined || keyword.startsWith('#')) return null
  switch (keyword) {
    case 'log':
      return addLog(draft, words)
    case 'witness':
      return addWitness(draft, words)
    case 'group':
      return addGroup(draft, words)
    case 'quorum':
      return setQuorum(draft, words)
    default:
      return 'a line that is neither log, witness, group nor quorum'
  }
}

export function parsePolicy(bytes: Buffer): PolicyReading {
  const refuse = (line: number, reason: string): PolicyReading => ({
    kind: 'refused',
    line,
    reason,
  })
  if (bytes.length > POLICY_BYTES_MAX) return refuse(0, 'the policy is too long')
  const text = bytes.toString('latin1')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const control = /[\u0000-\u0008\u000b-\u001f\u007f]/.exec(text)
  if (control !== null)
    return refuse(text.slice(0, control.index).split('\n').length, 'a control character')
  if (!text.endsWith('\n')) return refuse(text.split('\n').length, 'the last line has no newline')
  const draft: Draft = { logs: [], names: new Map(), taken: new Set(), quorum: undefined }
  for (const [at, line] of text.split('\n').entries()) {
    const fault = readLine(draft, line)
    if (fault !== null) return refuse(at + 1, fault)
  }
  if (draft.quorum === undefined) return refuse(text.split('\n').length - 1, 'no quorum line')
  return {
    kind: 'ok',
    policy: { logs: draft.logs, witnesses: witnessesOf(draft), quorum: draft.quorum },
  }
}

export interface WitnessSeen {
  readonly name: string
  readonly timeS: number
}

export type PolicyVerdict =
  | {
      readonly kind: 'accepted'
      readonly checkpoint: Checkpoint
      /** Witnesses of the policy that cosigned; what they say of its age. */
      readonly witnesses: readonly WitnessSeen[]
    }
  | {
      readonly kind: 'refused'
      readonly reason: string
      readonly witnesses: readonly WitnessSeen[]
    }

function quorumHolds(quorum: Policy['quorum'], seen: ReadonlySet<string>): boolean {
  if (quorum === null) return true
  if (quorum.kind === 'witness') return seen.has(quorum.name)
  return quorum.members.filter((member) => quorumHolds(member, seen)).length >= quorum.threshold
}

export interface PolicyQuestion {
  readonly policy: Policy
  /** The signed checkpoint. */
  readonly note: Buffer
  /** Cosignatures from later than this count as none: a witness cannot have seen the future. */
  readonly latestS: number
}

/** Is this checkpoint signed by a trusted log, and cosigned by enough witnesses? */
export function evaluatePolicy({ policy, note, latestS }: PolicyQuestion): PolicyVerdict {
  const keys = [...policy.logs, ...policy.witnesses].map((entry) => entry.key)
  const opened = openCheckpoint(note, keys)
  if (opened.kind === 'refused') return { ...opened, witnesses: [] }
  const witnesses = policy.witnesses.flatMap(({ name, key }) => {
    const timeS = opened.by.find((signature) => signature.key === key)?.timeS ?? null
    return timeS === null || timeS > latestS ? [] : [{ name, timeS }]
  })
  if (!quorumHolds(policy.quorum, new Set(witnesses.map((witness) => witness.name))))
    return { kind: 'refused', reason: 'too few witnesses cosigned the checkpoint', witnesses }
  return { kind: 'accepted', checkpoint: opened.checkpoint, witnesses }
}
