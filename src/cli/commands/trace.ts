/** `custody trace -`: who was exposed to the text on standard input; the text is never an argument. */
import { text as readAll } from 'node:stream/consumers'
import { Option } from 'commander'
import type { Command } from 'commander'
import { hostOfUrl, openTracing } from '../../app/open-tracing.ts'
import { storageOf } from '../../app/storage-of.ts'
import type { TraceAnswer } from '../../api/contract/trace.ts'
import { TRACE_CHARS_MAX, traceText } from '../../api/contract/trace.ts'
import { shownTrace } from '../../api/shown-trace.ts'
import type { Config } from '../../config/config.ts'
import { nodeDisk } from '../../evidence/disk.ts'
import { openLocalKeyProvider } from '../../evidence/key-provider.ts'
import { withFolderOrServer } from '../data-options.ts'
import { recordReading, type ReadingFacts } from '../record-reading.ts'
import { join } from 'node:path'
import { readPlace, scanRecord, textFinder, writePlace } from '../../incident/trace/scan-record.ts'
import { systemClock } from '../../lib/clock.ts'
import { hasRecords, lockDataFolder, openConfiguredStore } from '../data-folder.ts'
import { configFor } from '../load.ts'
import { EXIT, bytesText, failWith, say, writeJson } from '../output.ts'
import { patternFinder } from '../../app/hunt-finder.ts'
import { serverFor } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'
import { stopSignal } from '../stop-signal.ts'
import { isTooShort, printTrace, traceLines } from '../trace-text.ts'
import { terminal } from '../terminal.ts'

const SAY_EVERY_MS = 2_000

interface TraceOptions extends ServerOptions {
  readonly json?: boolean
  readonly limit: string
  readonly scan?: 'text' | 'regex'
  readonly resume?: string
}

export function registerTrace(program: Command): void {
  withFolderOrServer(
    program
      .command('trace')
      .description('who sent or was given the text on standard input')
      .argument('<source>', '- reads standard input')
      .option('--limit <number>', 'how many exposures at most', '200')
      .option('--json', 'JSON Lines, one for each exposure')
      .addOption(
        new Option(
          '--scan <how>',
          'decrypt and look into everything, for the text or for a pattern; Ctrl-C stops it',
        ).choices(['text', 'regex']),
      )
      .option('--resume <place>', 'go on where a scan was stopped'),
  ).action(trace)
}

async function trace(source: string, options: TraceOptions): Promise<void> {
  if (source !== '-') {
    return failWith(
      EXIT.usage,
      'the text comes from standard input',
      'write it as: custody trace - < leaked.txt; an argument would stay in the history of the shell',
    )
  }
  if (!/^(?:[1-9]\d{0,2}|1000)$/.test(options.limit)) {
    return failWith(EXIT.usage, '--limit takes a number from 1 to 1000')
  }
  const text = await readAll(terminal().in)
  if (text.trim() === '') return failWith(EXIT.usage, 'standard input is empty')
  if (text.length > TRACE_CHARS_MAX) {
    const hint = 'any passage of a hundred letters is enough'
    return failWith(EXIT.usage, `the text has more than ${TRACE_CHARS_MAX} characters`, hint)
  }
  const limit = Number(options.limit)
  if (options.scan !== undefined) return scanHere(text, { ...options, scan: options.scan }, limit)
  if (options.resume !== undefined) return failWith(EXIT.usage, '--resume takes --scan')
  const api = serverFor(options)
  const answer =
    api === null
      ? await traceHere(
          configFor({ data: options.data, config: options.config }).config,
          text,
          limit,
        )
      : await api.call(traceText, { body: { text, limit } })
  if (answer !== null) await show(answer, options.json === true)
}

async function show(answer: TraceAnswer, isJson: boolean): Promise<void> {
  if (!isJson || isTooShort(answer)) printTrace(answer)
  else for (const line of traceLines(answer)) await writeJson(line)
  if (answer.exposures.length === 0 && !isTooShort(answer)) terminal().exitCode = EXIT.notFound
}

interface ScanAsk extends TraceOptions {
  readonly scan: 'text' | 'regex'
}

async function scanHere(text: string, options: ScanAsk, limit: number): Promise<void> {
  if (serverFor(options) !== null) {
    return failWith(
      EXIT.usage,
      '--scan reads a data folder',
      'name it with --data, without --server',
    )
  }
  const from = options.resume === undefined ? null : readPlace(options.resume)
  if (options.resume !== undefined && from === null) {
    return failWith(EXIT.usage, '--resume takes the place that a stopped scan printed')
  }
  const wanted = text.replace(/\r?\n$/, '')
  const finder = options.scan === 'text' ? textFinder(wanted) : patternFinder(wanted)
  if (typeof finder === 'string') return failWith(EXIT.usage, `the pattern is refused: ${finder}`)
  const { config } = configFor({ data: options.data, config: options.config })
  await using opened = await openHere(config)
  if (opened === null) return
  using stop = stopSignal()
  const startedMs = systemClock.monotonicMs()
  let saidMs = startedMs
  const { hits, next } = await scanRecord({
    ...opened.tracing.parts,
    disk: nodeDisk,
    folder: config.storage.folder,
    finder,
    from,
    isOver: () => stop.signal.aborted,
    onProgress: ({ bytes, hits: found }) => {
      if (systemClock.monotonicMs() - saidMs < SAY_EVERY_MS) return
      saidMs = systemClock.monotonicMs()
      say(`${bytesText(bytes)} looked into, ${found} texts hold it`)
    },
  })
  const result = await opened.tracing.tracer.exposure(hits)
  const read = { operation: `trace --scan ${options.scan}`, details: { hits: hits.length } }
  if (!(await opened.record(read))) return
  const tookMs = Math.round(systemClock.monotonicMs() - startedMs)
  const shown = shownTrace(result, limit, (one) => one)
  await show({ digest: '', tookMs, ...shown }, options.json === true)
  if (next !== null) say(`stopped; go on with --resume ${writePlace(next)}`)
}

/** Also while a gateway runs on the folder: it keeps the index, and it is read beside it. */
async function openHere(config: Config) {
  const { folder } = config.storage
  if (!hasRecords(folder)) return null
  await using stack = new AsyncDisposableStack()
  const store = stack.use(await openConfiguredStore(config))
  const hosts = new Map(config.upstreams.map(({ name, baseUrl }) => [name, baseUrl]))
  const storage = storageOf(config)
  const tracing = stack.use(
    await openTracing({ folder, storage }, store, (upstream) =>
      hostOfUrl(hosts.get(upstream) ?? ''),
    ),
  )
  {
    using lock = await lockDataFolder(folder)
    if (lock !== null) await tracing.catchUp(() => false)
  }
  const owned = stack.move()
  const keyProvider = await openLocalKeyProvider(join(folder, 'keys'))
  return {
    tracing,
    record: (facts: Omit<ReadingFacts, 'type'>) =>
      recordReading(
        { folder, index: store.index, keyProvider },
        { type: 'trace.searched', ...facts },
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function traceHere(config: Config, text: string, limit: number): Promise<TraceAnswer | null> {
  await using opened = await openHere(config)
  if (opened === null) return null
  const { tracer } = opened.tracing
  const startedMs = systemClock.monotonicMs()
  const result = await tracer.trace(text)
  const digest = tracer.digest(text)
  if (!(await opened.record({ operation: 'trace', details: { digest } }))) return null
  return {
    digest,
    tookMs: Math.round(systemClock.monotonicMs() - startedMs),
    ...shownTrace(result, limit, (shown) => shown),
  }
}
