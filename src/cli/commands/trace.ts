/** `custody trace -`: who was exposed to the text on standard input; the text is never an argument. */
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { hostOfUrl, openTracing } from '../../app/open-tracing.ts'
import type { TraceAnswer } from '../../api/contract/trace.ts'
import { TRACE_CHARS_MAX, traceText } from '../../api/contract/trace.ts'
import { shownTrace } from '../../api/shown-trace.ts'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../lib/clock.ts'
import { hasRecords, lockDataFolder, openConfiguredStore } from '../data-folder.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, writeJson } from '../output.ts'
import { serverFor, withServer } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'
import { printTrace, traceLines } from '../trace-text.ts'

interface TraceOptions extends ServerOptions {
  readonly json?: boolean
  readonly limit: string
}

export function registerTrace(program: Command): void {
  withServer(
    program
      .command('trace')
      .description('who sent or was given the text on standard input')
      .argument('<source>', '- reads standard input')
      .option('--limit <number>', 'how many exposures at most', '200')
      .option('--json', 'JSON Lines, one for each exposure')
      .option('--data <folder>', 'data folder (default ./custody-data)')
      .option('--config <file>', 'custody.yaml'),
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
  const text = await readAll(process.stdin)
  if (text.trim() === '') return failWith(EXIT.usage, 'standard input is empty')
  if (text.length > TRACE_CHARS_MAX) {
    const hint = 'any passage of a hundred letters is enough'
    return failWith(EXIT.usage, `the text has more than ${TRACE_CHARS_MAX} characters`, hint)
  }
  const limit = Number(options.limit)
  const api = serverFor(options, process.env)
  const answer =
    api === null
      ? await traceHere(
          configFor({ data: options.data, config: options.config }).config,
          text,
          limit,
        )
      : await api.call(traceText, { body: { text, limit } })
  if (answer === null) return
  if (options.json !== true) printTrace(answer)
  else for (const line of traceLines(answer)) await writeJson(line)
  if (answer.exposures.length === 0) process.exitCode = EXIT.notFound
}

/** Also while a gateway runs on the folder: it keeps the index, and it is read beside it. */
async function traceHere(config: Config, text: string, limit: number): Promise<TraceAnswer | null> {
  const { folder, index } = config.storage
  if (!hasRecords(folder)) return null
  await using store = await openConfiguredStore(config)
  const hosts = new Map(config.upstreams.map(({ name, baseUrl }) => [name, baseUrl]))
  const storage =
    index.kind === 'sqlite'
      ? ({ kind: 'sqlite', folder } as const)
      : ({ kind: 'postgres', url: index.url.reveal() } as const)
  await using tracing = await openTracing({ folder, storage }, store, (upstream) =>
    hostOfUrl(hosts.get(upstream) ?? ''),
  )
  {
    using lock = await lockDataFolder(folder)
    if (lock !== null) await tracing.catchUp(() => false)
  }
  const startedMs = systemClock.monotonicMs()
  const result = await tracing.tracer.trace(text)
  return {
    digest: tracing.tracer.digest(text),
    tookMs: Math.round(systemClock.monotonicMs() - startedMs),
    ...shownTrace(result, limit, (shown) => shown),
  }
}
