/** `custody show <id>`: one exchange as people read it, as JSON, or its exact bytes. */
import type { Command } from 'commander'
import type { Content } from '../../api/contract/content.ts'
import type { RecordedExchange } from '../../evidence/reader.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import { visibleText } from '../../lib/visible-text.ts'
import type { HeaderList } from '../../model/record.ts'
import { asSent } from '../../app/as-sent.ts'
import { openDataFolder } from '../data-folder.ts'
import { withFolderOrServer } from '../data-options.ts'
import { exchangeDocument } from '../exchange-document.ts'
import { answerText, headText, requestText } from '../exchange-text.ts'
import { findingsText } from '../findings-text.ts'
import { exchangeIdFrom, findExchange, reportProblems } from '../find-exchange.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, say, writeJson, writeOut } from '../output.ts'
import { recordedShown } from '../recorded-shown.ts'
import type { ApiClient } from '../remote/api-client.ts'
import { checkReveal, remoteExchange } from '../remote/remote-exchange.ts'
import type { RemoteExchange, RevealOptions } from '../remote/remote-exchange.ts'
import { remoteDocument, remoteShown } from '../remote/remote-shown.ts'
import { serverFor } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'
import type { RequestLine, ShownExchange } from '../shown-exchange.ts'
import { terminal } from '../terminal.ts'

interface ShowOptions extends ServerOptions, RevealOptions {
  readonly raw?: boolean
  readonly request?: boolean
  readonly answer?: boolean
  readonly json?: boolean
  readonly asSent?: boolean
}

/** What the exact bytes are put together from. */
interface RawExchange {
  readonly facts: { readonly received: RequestLine & { readonly headers: HeaderList } }
  readonly requestBody: Buffer | null
  readonly answerHead: { readonly status: number; readonly headers: HeaderList } | null
  readonly answerChunks: readonly { readonly bytes: Buffer }[]
}

export function registerShow(program: Command): void {
  withFolderOrServer(
    program
      .command('show')
      .description('show one exchange: who, what was asked, what was answered')
      .argument('<id>', 'exchange id')
      .option('--raw', 'the exact bytes, as received from the caller and from the provider')
      .option('--request', 'only the request; with --raw its body and nothing else')
      .option('--answer', 'only the answer; with --raw its body and nothing else')
      .option('--json', 'one JSON object')
      .option('--as-sent', 'masked as it went out, in place of as received')
      .option('--reveal', 'with --server: content as it was, for investigators; it is recorded')
      .option('--reason <text>', 'why it is revealed'),
  ).action(show)
}

async function show(text: string, options: ShowOptions): Promise<void> {
  const problem = conflictOf(options)
  if (problem !== null) return failWith(EXIT.usage, problem)
  const id = exchangeIdFrom(text)
  if (id === null) return
  const api = serverFor(options)
  checkReveal(options, api !== null)
  if (api !== null) return showRemote(api, id, options)
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  const exchange = await findExchange(data, id, 'show')
  if (exchange === null) return
  const held = await data.held([exchange.row])
  const holds = (held.get(id) ?? []).map((hold) => hold.id)
  if (options.json === true) await writeJson(await exchangeDocument(exchange, holds))
  else {
    const shown = options.asSent === true ? await asSent(exchange) : exchange
    if (options.raw === true) await writeRaw(shown, options)
    else await writeReadable(await recordedShown(shown, holds), options, findingsOf(exchange))
  }
  reportProblems(exchange)
}

async function showRemote(api: ApiClient, id: ExchangeId, options: ShowOptions): Promise<void> {
  const isPart = options.request === true || options.answer === true
  const remote = await remoteExchange(api, id, {
    ...options,
    // Masked bytes would pass for the exact ones.
    mode: options.raw === true ? 'revealed' : 'masked',
    ...(options.asSent === true ? { side: 'sent' as const } : {}),
    isContentNeeded: isPart || options.raw === true || options.reveal === true,
  })
  const { content, mode } = remote
  if (options.json === true) await writeJson(await remoteDocument(remote))
  else if (options.raw === true && content !== null) {
    await writeRaw(await remoteRaw(remote, content, options), options)
  } else await writeReadable(remoteShown(remote), options)
  if (options.json !== true && content === null) {
    say('note: the content is not for your roles; it is not shown')
  } else if (options.json !== true && mode === 'masked') {
    say('note: the content is masked; investigators see it with --reveal --reason TEXT')
  }
  reportProblems({ problems: content?.problems ?? [] })
}

async function remoteRaw(
  remote: RemoteExchange,
  content: Content,
  { request, answer }: ShowOptions,
): Promise<RawExchange> {
  const { kind, received } = content.request
  const hasBody = kind === 'blocks' || kind === 'opaque'
  return {
    facts: { received },
    requestBody: answer !== true && hasBody ? await remote.raw('request', false) : null,
    answerHead: content.answer.head,
    answerChunks: request === true ? [] : [{ bytes: await remote.raw('answer', false) }],
  }
}

function conflictOf({ raw, request, answer, json }: ShowOptions): string | null {
  if (json === true && (raw === true || request === true || answer === true)) {
    return '--json gives everything; it takes no --raw, --request or --answer'
  }
  return request === true && answer === true ? 'name one of --request and --answer, or none' : null
}

/** Offsets of findings count in what was received. */
function findingsOf({ facts, closing }: RecordedExchange): readonly string[] {
  return findingsText(facts, closing)
}

async function writeReadable(
  exchange: ShownExchange,
  options: ShowOptions,
  findings: readonly string[] = [],
): Promise<void> {
  const { head, request, answer } = exchange
  const isWhole = options.request !== true && options.answer !== true
  const lines: string[] = []
  if (isWhole) lines.push(...headText(head))
  if (options.answer !== true && request !== null)
    lines.push(...(isWhole ? [''] : []), ...requestText(request))
  if (options.request !== true && answer !== null)
    lines.push(...(isWhole ? [''] : []), ...(await answerText(answer)))
  if (isWhole && findings.length > 0) lines.push('', ...findings)
  await writeOut(`${lines.join('\n')}\n`)
}

/** Untouched for programs and files; a terminal is never given bytes that could drive it. */
async function writeRaw(exchange: RawExchange, options: ShowOptions): Promise<void> {
  for (const part of rawParts(exchange, options)) {
    await writeOut(terminal().out.isTTY ? visibleText(part.toString('utf8')) : part)
  }
}

function* rawParts(exchange: RawExchange, { request, answer }: ShowOptions): Generator<Buffer> {
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
