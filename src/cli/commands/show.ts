/** `custody show <id>`: one exchange as people read it, as JSON, or its exact bytes. */
import type { Command } from 'commander'
import type { RecordedExchange } from '../../evidence/reader.ts'
import { visibleText } from '../../lib/visible-text.ts'
import type { HeaderList } from '../../model/record.ts'
import { openDataFolder } from '../data-folder.ts'
import { exchangeDocument } from '../exchange-document.ts'
import { answerText, headText, requestText } from '../exchange-text.ts'
import { exchangeIdFrom, findExchange, reportProblems } from '../find-exchange.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, writeJson, writeOut } from '../output.ts'
import { recordedShown } from '../recorded-shown.ts'
import type { ShownExchange } from '../shown-exchange.ts'

interface ShowOptions {
  readonly raw?: boolean
  readonly request?: boolean
  readonly answer?: boolean
  readonly json?: boolean
  readonly data?: string
  readonly config?: string
}

export function registerShow(program: Command): void {
  program
    .command('show')
    .description('show one exchange: who, what was asked, what was answered')
    .argument('<id>', 'exchange id')
    .option('--raw', 'the exact bytes, as received from the caller and from the provider')
    .option('--request', 'only the request; with --raw its body and nothing else')
    .option('--answer', 'only the answer; with --raw its body and nothing else')
    .option('--json', 'one JSON object')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .action(show)
}

async function show(text: string, options: ShowOptions): Promise<void> {
  const problem = conflictOf(options)
  if (problem !== null) return failWith(EXIT.usage, problem)
  const id = exchangeIdFrom(text)
  if (id === null) return
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  const exchange = await findExchange(data, id)
  if (exchange === null) return
  if (options.json === true) await writeJson(await exchangeDocument(exchange))
  else if (options.raw === true) await writeRaw(exchange, options)
  else await writeReadable(await recordedShown(exchange), options)
  reportProblems(exchange)
}

function conflictOf({ raw, request, answer, json }: ShowOptions): string | null {
  if (json === true && (raw === true || request === true || answer === true)) {
    return '--json gives everything; it takes no --raw, --request or --answer'
  }
  return request === true && answer === true ? 'name one of --request and --answer, or none' : null
}

async function writeReadable(exchange: ShownExchange, options: ShowOptions): Promise<void> {
  const { head, request, answer } = exchange
  const isWhole = options.request !== true && options.answer !== true
  const lines: string[] = []
  if (isWhole) lines.push(...headText(head))
  if (options.answer !== true && request !== null)
    lines.push(...(isWhole ? [''] : []), ...requestText(request))
  if (options.request !== true && answer !== null)
    lines.push(...(isWhole ? [''] : []), ...(await answerText(answer)))
  await writeOut(`${lines.join('\n')}\n`)
}

/** Untouched for programs and files; a terminal is never given bytes that could drive it. */
async function writeRaw(exchange: RecordedExchange, options: ShowOptions): Promise<void> {
  for (const part of rawParts(exchange, options)) {
    await writeOut(process.stdout.isTTY ? visibleText(part.toString('utf8')) : part)
  }
}

function* rawParts(
  exchange: RecordedExchange,
  { request, answer }: ShowOptions,
): Generator<Buffer> {
  const { facts, requestBody, answerHead, answerChunks } = exchange
  const { method, target, httpVersion, headers } = facts.received
  const isWhole = request !== true && answer !== true
  if (isWhole) yield headBytes(`${method} ${target} HTTP/${httpVersion}`, headers)
  if (answer !== true && requestBody !== null) yield requestBody
  if (isWhole && answerHead !== null) {
    if (requestBody !== null && requestBody.length > 0) yield Buffer.from('\r\n')
    yield headBytes(`HTTP/${httpVersion} ${answerHead.status}`, answerHead.headers)
  }
  if (request !== true) for (const chunk of answerChunks) yield chunk.bytes
}

function headBytes(start: string, headers: HeaderList): Buffer {
  const lines = [start, ...headers.map(([name, value]) => `${name}: ${value}`), '', '']
  return Buffer.from(lines.join('\r\n'), 'latin1')
}
