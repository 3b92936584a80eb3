import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { talk } from './harness/raw-http.ts'
import type { RawTalk } from './harness/raw-http.ts'
import { answer, scriptedUpstream } from './harness/scripted-upstream.ts'
import type { ScriptedUpstream } from './harness/scripted-upstream.ts'

const CRLF = '\r\n'
/** An opaque surface: nothing in its body is judged, so only the framing can refuse it. */
const TARGET = '/openai/v1/audio/transcriptions'

let upstream: ScriptedUpstream
let gateway: DataPlane

before(async () => {
  // A strict upstream: it says which request it answers, so that answers can be matched with requests.
  upstream = await scriptedUpstream((socket, request) => {
    socket.write(answer('200 OK', { 'content-type': 'text/plain', 'x-seen': request.target }, 'ok'))
  })
  gateway = await startDataPlane(upstream.url)
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

interface Mutation {
  readonly name: string
  readonly bytes: string
  /** What may be answered: `refused` closes the case, `one` and `two` count whole exchanges. */
  readonly expect: 'refused' | 'one' | 'two'
}

const hidden = (): string =>
  `GET /openai/v1/models/SMUGGLED HTTP/1.1${CRLF}Host: gateway.test${CRLF}x-api-key: ${gateway.key}${CRLF}${CRLF}`

function request(lines: readonly string[], body: string, line = `POST ${TARGET} HTTP/1.1`): string {
  return [line, 'Host: gateway.test', `x-api-key: ${gateway.key}`, ...lines, '', body].join(CRLF)
}

/** Hides a request behind a body that ends early when `coding` is taken for chunked. */
const lengthWins = (
  name: string,
  coding: string,
  expect: Mutation['expect'] = 'refused',
): Mutation => {
  const body = `0${CRLF}${CRLF}${hidden()}`
  return {
    name: `CL.TE ${name}`,
    bytes: request([`Content-Length: ${body.length}`, coding], body),
    expect,
  }
}
/** Hides a request inside a chunk that the length cuts off. */
const chunkWins = (
  name: string,
  coding: string,
  expect: Mutation['expect'] = 'refused',
): Mutation => {
  const inner = hidden()
  const size = inner.length.toString(16)
  const body = `${size}${CRLF}${inner}${CRLF}0${CRLF}${CRLF}`
  return {
    name: `TE.CL ${name}`,
    bytes: request([coding, `Content-Length: ${size.length + 2}`], body),
    expect,
  }
}
/** Only the coding frames the body: a parser that overlooks it reads the body as the next request. */
const codingOnly = (
  name: string,
  coding: string,
  expect: Mutation['expect'] = 'refused',
): Mutation => ({
  name: `TE.0 ${name}`,
  bytes: request([coding], hidden()),
  expect,
})

function codings(): readonly (readonly [string, string])[] {
  const te = 'Transfer-Encoding'
  const out: [string, string][] = [
    ['plain', `${te}: chunked`],
    ['space before colon', `${te} : chunked`],
    ['tab before colon', `${te}\t: chunked`],
    ['vertical tab before value', `${te}:\x0bchunked`],
    ['obs-fold', `${te}:${CRLF} chunked`],
    ['obs-fold with tab', `${te}:${CRLF}\tchunked`],
    ['obs-fold after another header', `X: y${CRLF} ${te}: chunked`],
    ['leading space', ` ${te}: chunked`],
    ['leading tab', `\t${te}: chunked`],
    ['bare LF before', `X: y\n${te}: chunked`],
    ['bare CR before', `X: y\r${te}: chunked`],
    ['bare LF in value', `${te}: chu\nnked`],
    ['identity', `${te}: identity`],
    ['identity, chunked', `${te}: identity, chunked`],
    ['chunked, identity', `${te}: chunked, identity`],
    ['gzip, chunked', `${te}: gzip, chunked`],
    ['chunked, gzip', `${te}: chunked, gzip`],
    ['chunked, chunked', `${te}: chunked, chunked`],
    ['two lines', `${te}: chunked${CRLF}${te}: chunked`],
    ['two lines, identity last', `${te}: chunked${CRLF}${te}: identity`],
    ['two lines, identity first', `${te}: identity${CRLF}${te}: chunked`],
    ['quoted', `${te}: "chunked"`],
    ['single quoted', `${te}: 'chunked'`],
    ['parameter', `${te}: chunked;q=1`],
    ['trailing comma', `${te}: chunked,`],
    ['leading comma', `${te}: ,chunked`],
    ['empty', `${te}:`],
    ['xchunked', `${te}: xchunked`],
    ['chunkedx', `${te}: chunkedx`],
    ['chunk', `${te}: chunk`],
    ['long s', `${te}: chun\u017fked`],
    ['high bit', `${te}: chunke\xe4`],
    ['no-break space before', `${te}:\xa0chunked`],
    ['no-break space behind', `${te}: chunked\xa0`],
    ['no-break space in name', `${te}\xa0: chunked`],
  ]
  // Every control character in the four places where lenient parsers drop it.
  for (let code = 0; code < 33; code += 1) {
    if (code === 9 || code === 10 || code === 13 || code === 32) continue
    const c = String.fromCharCode(code)
    const hex = code.toString(16)
    out.push(
      [`control ${hex} before value`, `${te}: ${c}chunked`],
      [`control ${hex} behind value`, `${te}: chunked${c}`],
      [`control ${hex} before name`, `${c}${te}: chunked`],
      [`control ${hex} behind name`, `${te}${c}: chunked`],
    )
  }
  return out
}

function framings(): readonly Mutation[] {
  const length = (name: string, ...lines: string[]): Mutation => ({
    name: `length ${name}`,
    bytes: request(lines, hidden()),
    expect: 'refused',
  })
  const size = hidden().length
  return [
    length('twice, equal', `Content-Length: ${size}`, `Content-Length: ${size}`),
    length('twice, different', 'Content-Length: 0', `Content-Length: ${size}`),
    length('twice, different, longer first', `Content-Length: ${size}`, 'Content-Length: 0'),
    length('list, equal', `Content-Length: ${size}, ${size}`),
    length('list, different', `Content-Length: 0, ${size}`),
    length('plus', `Content-Length: +${size}`),
    length('minus', 'Content-Length: -1'),
    length('hex', 'Content-Length: 0x10'),
    length('fraction', 'Content-Length: 1.0'),
    length('exponent', 'Content-Length: 1e1'),
    length('empty', 'Content-Length:'),
    length('words', 'Content-Length: ten'),
    length('inner space', 'Content-Length: 1 0'),
    length('underscore', 'Content-Length: 1_0'),
    length('overflow', 'Content-Length: 18446744073709551617'),
    length('space before colon', `Content-Length : ${size}`),
    length('obs-fold', `Content-Length:${CRLF} ${size}`),
    length('NUL', `Content-Length: ${size}\0`),
    length('vertical tab', `Content-Length:\x0b${size}`),
    length('quoted', `Content-Length: "${size}"`),
    length('leading line feed', `X: y\nContent-Length: ${size}`),
    length('high digits', 'Content-Length: \xb9\xb2'),
  ]
}

function chunks(): readonly Mutation[] {
  const chunked = (
    name: string,
    body: string,
    expect: Mutation['expect'] = 'refused',
  ): Mutation => ({
    name: `chunk ${name}`,
    bytes: request(['Transfer-Encoding: chunked'], body),
    expect,
  })
  const end = `0${CRLF}${CRLF}`
  return [
    chunked('well-formed', `3${CRLF}abc${CRLF}${end}`, 'one'),
    chunked('upper-case size with extension', `A;x=y${CRLF}abcdefghij${CRLF}${end}`, 'one'),
    chunked('leading zeros', `0003${CRLF}abc${CRLF}${end}`, 'one'),
    chunked('trailers', `3${CRLF}abc${CRLF}0${CRLF}X-Trailer: 5${CRLF}${CRLF}`, 'one'),
    chunked(
      'length in a trailer',
      `3${CRLF}abc${CRLF}0${CRLF}Content-Length: 5${CRLF}${CRLF}${hidden()}`,
    ),
    chunked('hex prefix', `0x3${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('minus', `-3${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('plus', `+3${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('leading space', ` 3${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('trailing letter', `3g${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('empty size', `${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('bare LF after size', `3\nabc${CRLF}${end}${hidden()}`),
    chunked('bare CR after size', `3\rabc${CRLF}${end}${hidden()}`),
    chunked('bare LF after data', `3${CRLF}abc\n${end}${hidden()}`),
    chunked('bare LF at the end', `3${CRLF}abc${CRLF}0\n\n${hidden()}`),
    chunked('no line end after data', `3${CRLF}abcd${CRLF}${end}${hidden()}`),
    chunked('too long data', `3${CRLF}abcdef${CRLF}${end}${hidden()}`),
    chunked('overflow', `FFFFFFFFFFFFFFFF0${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('NUL in size', `3\0${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('LF in extension', `3;x\ny${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('CR in extension', `3;x\ry${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('space before line end', `3 ${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('underscore', `1_0${CRLF}abcdefghijklmnop${CRLF}${end}${hidden()}`),
    chunked('long extension', `3;${'x'.repeat(70_000)}${CRLF}abc${CRLF}${end}`),
    chunked('colon in place of size', `:${CRLF}abc${CRLF}${end}${hidden()}`),
    chunked('bad trailer', `3${CRLF}abc${CRLF}0${CRLF}bad trailer${CRLF}${CRLF}${hidden()}`),
  ]
}

function requestLines(): readonly Mutation[] {
  const key = `x-api-key: ${gateway.key}`
  const get = '/openai/v1/models'
  const line = (name: string, text: string, ...headers: string[]): Mutation => ({
    name: `line ${name}`,
    bytes: [text, ...headers, key, '', ''].join(CRLF),
    expect: 'refused',
  })
  const host = 'Host: gateway.test'
  return [
    line('HTTP/0.9', `GET ${get}`, host),
    line('HTTP/0.9 named', `GET ${get} HTTP/0.9`, host),
    line('HTTP/2.0', `GET ${get} HTTP/2.0`, host),
    line('HTTP/2', `GET ${get} HTTP/2`, host),
    line('HTTP/1.2', `GET ${get} HTTP/1.2`, host),
    line('HTTP/1.10', `GET ${get} HTTP/1.10`, host),
    line('HTTP/3.0', `GET ${get} HTTP/3.0`, host),
    line('lower-case protocol', `GET ${get} http/1.1`, host),
    line('HTTPS/1.1', `GET ${get} HTTPS/1.1`, host),
    line('ICE', `SOURCE ${get} ICE/1.0`, host),
    line('tab', `GET\t${get} HTTP/1.1`, host),
    line('space in path', `GET ${get} x HTTP/1.1`, host),
    line('NUL in path', `GET ${get}\0 HTTP/1.1`, host),
    line('high byte in path', `GET ${get}\xe4 HTTP/1.1`, host),
    line('CR in path', `GET ${get}\rX HTTP/1.1`, host),
    line('leading space', ` GET ${get} HTTP/1.1`, host),
    line('lower-case method', `get ${get} HTTP/1.1`, host),
    line('mixed-case method', `Get ${get} HTTP/1.1`, host),
    line('unknown method', `BREW ${get} HTTP/1.1`, host),
    line('TRACE', `TRACE ${get} HTTP/1.1`, host),
    line('PROPFIND', `PROPFIND ${get} HTTP/1.1`, host),
    line('CONNECT', 'CONNECT internal.test:443 HTTP/1.1', host),
    line('CONNECT to a path', `CONNECT ${get} HTTP/1.1`, host),
    line('PRI', 'PRI * HTTP/2.0', host),
    line('absolute form', `GET http://internal.test${get} HTTP/1.1`, host),
    line('absolute form, own host', `GET http://gateway.test${get} HTTP/1.1`, host),
    line('absolute form https', `GET https://internal.test${get} HTTP/1.1`, host),
    line('absolute form, userinfo', `GET http://gateway.test@internal.test${get} HTTP/1.1`, host),
    line('authority form', 'GET internal.test:80 HTTP/1.1', host),
    line('asterisk form', 'OPTIONS * HTTP/1.1', host),
    line('scheme-relative', `GET //internal.test${get} HTTP/1.1`, host),
    line('backslash', `GET \\openai\\v1\\models HTTP/1.1`, host),
    line('dot segment', `GET /openai/v1/../../anthropic/v1/models HTTP/1.1`, host),
    line('encoded dot segment', `GET /openai/v1/%2e%2e/models HTTP/1.1`, host),
    line('twice encoded', `GET /openai/v1/%252e%252e/models HTTP/1.1`, host),
    line('encoded NUL', `GET /openai/v1/models/%00 HTTP/1.1`, host),
    line('encoded line end', `GET /openai/v1/models/%0d%0aX HTTP/1.1`, host),
    line('fragment', `GET ${get}#x HTTP/1.1`, host),
    line('no host', `GET ${get} HTTP/1.1`),
    line('two hosts', `GET ${get} HTTP/1.1`, host, 'Host: internal.test'),
    line('two equal hosts', `GET ${get} HTTP/1.1`, host, host),
    line('two hosts, one folded', `GET ${get} HTTP/1.1`, `Host: gateway.test${CRLF} internal.test`),
    line('empty host', `GET ${get} HTTP/1.1`, 'Host:'),
    line('host with space', `GET ${get} HTTP/1.1`, 'Host: gateway.test internal.test'),
    line('host with path', `GET ${get} HTTP/1.1`, 'Host: gateway.test/x'),
    line('host with userinfo', `GET ${get} HTTP/1.1`, 'Host: a@gateway.test'),
    line('host with comma', `GET ${get} HTTP/1.1`, 'Host: gateway.test, internal.test'),
    line('host with bad port', `GET ${get} HTTP/1.1`, 'Host: gateway.test:port'),
    line('space before the colon of host', `GET ${get} HTTP/1.1`, 'Host : gateway.test'),
    line('bare LF ends', `GET ${get} HTTP/1.1\nHost: gateway.test\nX: y`),
    line('header without colon', `GET ${get} HTTP/1.1`, host, 'nonsense'),
    line('empty header name', `GET ${get} HTTP/1.1`, host, ': value'),
    line('header name with parenthesis', `GET ${get} HTTP/1.1`, host, 'X(y): z'),
    line('header name with high byte', `GET ${get} HTTP/1.1`, host, 'X\xe4: z'),
    line('NUL in a value', `GET ${get} HTTP/1.1`, host, 'X: a\0b'),
    line('escape in a value', `GET ${get} HTTP/1.1`, host, 'X: a\x1bb'),
    line('DEL in a value', `GET ${get} HTTP/1.1`, host, 'X: a\x7fb'),
    line('HTTP/1.0 with a coding', `POST ${TARGET} HTTP/1.0`, host, 'Transfer-Encoding: chunked'),
    line('unknown expectation', `GET ${get} HTTP/1.1`, host, 'Expect: 200-maybe'),
    line(
      'two authorizations',
      `GET ${get} HTTP/1.1`,
      host,
      'Authorization: Bearer a',
      'Authorization: Bearer b',
    ),
  ]
}

function mutations(): readonly Mutation[] {
  const accepted: Mutation[] = [
    { name: 'a plain request', bytes: request(['Content-Length: 3'], 'abc'), expect: 'one' },
    {
      name: 'a request in a body',
      bytes: request([`Content-Length: ${hidden().length}`], hidden()),
      expect: 'one',
    },
    {
      name: 'a request in a chunk',
      bytes: request(
        ['Transfer-Encoding: chunked'],
        `${hidden().length.toString(16)}${CRLF}${hidden()}${CRLF}0${CRLF}${CRLF}`,
      ),
      expect: 'one',
    },
    {
      name: 'two requests in line',
      bytes: request(['Content-Length: 3'], 'abc') + request(['Content-Length: 3'], 'def'),
      expect: 'two',
    },
    {
      name: 'two requests in line, the second malformed',
      bytes: `${request(['Content-Length: 3'], 'abc')}GET\0/openai/v1/models/SMUGGLED HTTP/1.1${CRLF}${CRLF}`,
      expect: 'one',
    },
    {
      name: 'an empty line before the request',
      bytes: `${CRLF}${request(['Content-Length: 3'], 'abc')}`,
      expect: 'one',
    },
    {
      // RFC 9112 3: white space between the three parts of a request line may be read generously; it frames nothing.
      name: 'two spaces in the request line',
      bytes: request(['Content-Length: 3'], 'abc', `POST  ${TARGET}  HTTP/1.1`),
      expect: 'one',
    },
    {
      // The parser takes RTSP/1.0 for HTTP/1.0, whose framing is a subset of ours.
      name: 'RTSP',
      bytes: request(['Content-Length: 3'], 'abc', `POST ${TARGET} RTSP/1.0`),
      expect: 'one',
    },
    lengthWins('underscore', 'Transfer_Encoding: chunked', 'one'),
    lengthWins('other name', 'X-Transfer-Encoding: chunked', 'one'),
  ]
  const both = codings().flatMap(([name, coding]) => [
    lengthWins(name, coding),
    chunkWins(name, coding),
  ])
  const only = codings()
    .filter(([name]) => name !== 'plain')
    .map(([name, coding]) => codingOnly(name, coding))
  return [...accepted, ...both, ...only, ...framings(), ...chunks(), ...requestLines()]
}

/** The answers a caller got, matched against what the upstream was sent meanwhile. */
function judge(mutation: Mutation, talked: RawTalk, arrived: readonly string[]): string | null {
  const { answers } = talked
  if (answers.includes(null)) return 'an answer is not whole'
  const whole = answers.filter((one) => one !== null)
  if (arrived.some((target) => target.includes('SMUGGLED'))) return 'the hidden request arrived'
  const relayed = whole.flatMap((one) => one.headers.get('x-seen') ?? [])
  if (relayed.join() !== arrived.join()) return `answered ${relayed.join()}, sent ${arrived.join()}`
  for (const one of whole) {
    if (one.headers.get('x-custody-exchange')?.length !== 1)
      return `a ${one.status} names no exchange`
  }
  const wanted = mutation.expect === 'two' ? 2 : 1
  if (whole.length !== wanted) return `${whole.length} answers`
  const [first] = whole
  if (mutation.expect === 'refused') {
    if (arrived.length > 0) return 'it was forwarded'
    if (first === undefined || first.status < 400 || first.status > 431)
      return `status ${first?.status}`
    return null
  }
  return arrived.length === wanted ? null : `${arrived.length} were forwarded`
}

test('whatever the framing pretends, each answered request is the one that was sent, and none is hidden', async () => {
  const all = mutations()
  assert.ok(all.length >= 300, `${all.length} mutations`)
  const faults: string[] = []
  const exchanges = new Set<string>()
  for (const mutation of all) {
    const from = upstream.seen.length
    const talked = await talk(gateway.port, mutation.bytes, {
      answers: mutation.expect === 'two' ? 2 : 1,
    })
    const arrived = upstream.seen.slice(from)
    for (const one of arrived) {
      if (/^transfer.encoding:/im.test(one.head) && /^content-length:/im.test(one.head))
        faults.push(`${mutation.name}: two framings were sent on`)
    }
    for (const one of talked.answers)
      for (const id of one?.headers.get('x-custody-exchange') ?? []) exchanges.add(id)
    const fault = judge(
      mutation,
      talked,
      arrived.map(({ target }) => target),
    )
    if (fault !== null) faults.push(`${mutation.name}: ${fault}`)
  }
  assert.deepEqual(faults, [])
  const rows = await gateway.rows()
  const recorded = await gateway.records()
  const forwarded = recorded.filter(({ facts }) => facts.sent !== null)
  assert.equal(forwarded.length, upstream.seen.length, 'forwarded as recorded')
  assert.deepEqual(new Set(rows.map(({ id }) => id)), exchanges, 'answered as recorded')
  assert.ok(rows.every(({ state }) => state === 'complete' || state === 'refused'))
})
