/** Keeps TLS as its files are: a changed certificate, authority or list of revoked certificates counts without a restart. */
import { hash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { TlsFiles } from '../config/config.ts'
import type { ListenTls, Listener } from '../gateway/listener.ts'
import type { AuthorityFacts, Authorities } from '../identity/certificate/authorities.ts'
import type { Clock } from '../lib/clock.ts'
import type { Recorder } from '../model/recorder.ts'
import type { Logger } from '../telemetry/logger.ts'
import { repeat, type Repeated } from './repeat.ts'

const LOOK_EVERY_MS = 300

export interface KeptTls {
  readonly listen: ListenTls
  /** Null where callers are asked for no certificate. */
  readonly authorities: Authorities | null
  /** Goes on until it is disposed. */
  readonly follow: (listener: Pick<Listener, 'setTls'>) => Repeated
}

interface ReadFiles {
  readonly listen: ListenTls
  readonly facts: AuthorityFacts | null
  readonly hash: string
}

/** Throws where the files cannot be used together: nobody listens by half of what was meant. */
export async function openTls(
  files: TlsFiles,
  parts: { readonly recorder: Recorder; readonly clock: Clock; readonly log: Logger },
): Promise<KeptTls> {
  const { recorder, clock, log } = parts
  let stamp = await stampOf(files)
  const first = await readTls(files)
  let { facts } = first
  let warnedOf = 0
  const authorities = facts === null ? null : (await certificates()).createAuthorities(facts)

  const noted = (type: 'config.reloaded' | 'config.refused', digest: string): Promise<void> =>
    recorder.note({
      type,
      atMs: clock.nowMs(),
      actor: '',
      details: { hash: digest, what: 'files of tls' },
    })
  /** As of the look before: certificate and key are written one after the other. */
  let pending = stamp
  const look = async (listener: Pick<Listener, 'setTls'>): Promise<void> => {
    warnOfOverdue()
    const now = await stampOf(files)
    const isSettled = now === pending
    pending = now
    if (now === stamp || !isSettled) return
    stamp = now
    try {
      const next = await readTls(files)
      listener.setTls(next.listen)
      facts = next.facts
      if (next.facts !== null) authorities?.replace(next.facts)
      log.info({}, 'the files of tls were read again')
      await noted('config.reloaded', next.hash)
    } catch (error) {
      log.error({}, 'the files of tls cannot be used; those read before stay in force', error)
      await noted('config.refused', '')
    }
  }
  const warnOfOverdue = (): void => {
    const ends = (facts?.lists ?? []).map(({ untilMs }) => untilMs)
    const overdue = Math.min(...ends)
    if (overdue > clock.nowMs() || warnedOf === overdue) return
    warnedOf = overdue
    const { whenUnknown } = facts ?? {}
    log.warn({ sinceMs: overdue, whenUnknown }, 'a list of revoked certificates is out of date')
  }
  return {
    listen: first.listen,
    authorities,
    follow: (listener) =>
      repeat(
        () => look(listener),
        LOOK_EVERY_MS,
        (error) => log.warn({}, 'the files of tls cannot be looked at', error),
      ),
  }
}

function pathsOf({ certFile, keyFile, clientCertificates }: TlsFiles): readonly string[] {
  const { caFile, crlFile } = clientCertificates ?? { caFile: null, crlFile: null }
  return [certFile, keyFile, caFile, crlFile].filter((path) => path !== null)
}

/** Links are followed: Kubernetes swaps what they lead to. */
async function stampOf(files: TlsFiles): Promise<string> {
  const stamps = await Promise.all(
    pathsOf(files).map(async (path) => {
      const { mtimeMs, size, ino } = await stat(path)
      return `${mtimeMs} ${size} ${ino}`
    }),
  )
  return stamps.join()
}

async function readTls(files: TlsFiles): Promise<ReadFiles> {
  const texts = new Map<string, string>()
  for (const path of pathsOf(files)) texts.set(path, await readFile(path, 'utf8'))
  const textOf = (path: string): string => texts.get(path) ?? ''
  const { certFile, keyFile, clientCertificates } = files
  const [cert, key] = [textOf(certFile), textOf(keyFile)]
  createSecureContext({ cert, key })
  const digest = hash('sha256', [...texts.values()].join('\0'), 'hex')
  if (clientCertificates === null)
    return { listen: { cert, key, clients: null }, facts: null, hash: digest }
  const { caFile, crlFile, required, whenCrlUnknown } = clientCertificates
  const ca = textOf(caFile)
  const clients = { ca, required }
  const { authoritiesIn, readRevocationLists } = await certificates()
  const authorities = authoritiesIn(ca)
  if (authorities.length === 0 || !authorities.every((one) => one.ca))
    throw new Error(`${caFile} holds no certificates of authorities`)
  const reading = crlFile === null ? null : await readRevocationLists(textOf(crlFile), authorities)
  if (reading?.kind === 'problem') throw new Error(`${String(crlFile)} ${reading.problem}`)
  const lists = reading?.lists ?? null
  return {
    listen: { cert, key, clients },
    facts: { authorities, lists, whenUnknown: whenCrlUnknown },
    hash: digest,
  }
}

/** Only gateways that ask for certificates load what reads them. */
async function certificates() {
  const [{ authoritiesIn, createAuthorities }, { readRevocationLists }] = await Promise.all([
    import('../identity/certificate/authorities.ts'),
    import('../identity/certificate/revocation-list.ts'),
  ])
  return { authoritiesIn, createAuthorities, readRevocationLists }
}
