import assert from 'node:assert/strict'
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { jsonLines, runCliWith } from '../../../test/harness/cli.ts'
import type { TestConsole } from '../../../test/harness/console.ts'
import { startConsole } from '../../../test/harness/console.ts'

const LEAK =
  'The purchase price for Meridian Optics will be 4.2 billion, paid in two tranches, and Anselm is to tell nobody of it until Friday.'

let console: TestConsole
let exchange = ''

before(async () => {
  console = await startConsole()
  const key = await console.keyFor('dora')
  exchange = await console.chat(`Summarise:\n> ${LEAK}\n\u001b[2J\u202e`, { key })
  await console.chat('Nothing of interest in here.')
})
after(() => console[Symbol.asyncDispose]())

/** The text goes in by standard input; nothing of it may be an argument. */
const trace = (input: string, ...args: readonly string[]) =>
  runCliWith({ stdin: input }, 'trace', ...args)

test('hits come as JSON Lines while the gateway runs on the folder, with exchange, direction, principal and span', async () => {
  // The gateway's own thread brings the index up to date.
  const investigator = await console.person('kim', ['investigator'])
  await investigator.call('POST', '/trace', { body: { text: LEAK } })
  const ran = await trace(LEAK.toUpperCase(), '-', '--json', '--data', console.gateway.folder)
  assert.equal(ran.code, 0, ran.err)
  const lines = jsonLines(ran.out)
  assert.deepEqual(
    lines.map(({ id, direction, principal }) => [id, direction, principal]),
    [
      [exchange, 'sent', 'dora'],
      [exchange, 'received', 'dora'],
    ],
  )
  const span = lines[0]?.['span'] as { place: string; match: string; start: number; end: number }
  assert.equal(span.place, 'block')
  assert.equal(span.match, LEAK.slice(0, -1))
  assert.equal(span.end - span.start, span.match.length)
})

test('the same over the API, where what stands around the hit is masked', async () => {
  const { token } = await console.person('lea', ['investigator'])
  const child = await trace(
    LEAK,
    '-',
    '--json',
    '--server',
    console.gateway.adminUrl,
    '--token-file',
    await tokenFile(token),
  )
  assert.equal(child.code, 0, child.err)
  const [line] = jsonLines(child.out)
  assert.equal(line?.['id'], exchange)
  assert.ok(!child.out.includes('Summarise'))
})

test('for people: who, where to and when, with nothing that a terminal would obey', async () => {
  const ran = await trace(LEAK, '-', '--data', console.gateway.folder)
  assert.equal(ran.code, 0)
  assert.match(ran.out, /^first sent \d{4}-/)
  assert.match(ran.out, /principals: dora \(1\)/)
  assert.match(ran.out, /went to: openai echo/)
  for (const hidden of ['\u001b', '\u202e']) assert.ok(!ran.out.includes(hidden))
})

test('a text that is nowhere ends with code 3 and says so', async () => {
  const ran = await trace(
    'An entirely different sentence of some length, which nobody has ever sent to any model at all.',
    '-',
    '--data',
    console.gateway.folder,
  )
  assert.equal(ran.code, 3)
  assert.match(ran.out, /nobody was exposed/)
})

test('of a text too short to be traced nobody is told that nobody saw it', async () => {
  for (const options of [[], ['--json']]) {
    const ran = await trace('\u{1f600} anselm', '-', ...options, '--data', console.gateway.folder)
    assert.deepEqual([ran.code, ran.out], [1, ''])
    assert.match(ran.err, /too short to be traced: 6 letters and digits, 24 are the least/)
    assert.match(ran.err, /hint: --scan text/)
  }
})

test('a scan finds what no index knows, stops at nothing, and goes on where it was told to', async () => {
  const here = ['--data', console.gateway.folder, '--json'] as const
  const short = await trace('anselm', '-', '--scan', 'text', ...here)
  assert.equal(short.code, 0, short.err)
  const pattern = await trace(
    '4\\.\\d billion, paid in \\w+ tranches',
    '-',
    '--scan',
    'regex',
    ...here,
  )
  for (const ran of [short, pattern]) {
    const lines = jsonLines(ran.out)
    assert.deepEqual(
      lines.map(({ id, direction }) => [id, direction]),
      [
        [exchange, 'sent'],
        [exchange, 'received'],
      ],
    )
  }
  assert.equal(
    (jsonLines(pattern.out)[0]!['span'] as { match: string }).match,
    '4.2 billion, paid in two tranches',
  )
  const past = await trace(
    'anselm',
    '-',
    '--scan',
    'text',
    '--resume',
    `${console.gateway.app.evidence.instance}:9999:0`,
    ...here,
  )
  assert.equal(past.code, 3)
})

test('a pattern that is none, and a place that is none, are refused', async () => {
  const folder = console.gateway.folder
  const wrong = await trace('(', '-', '--scan', 'regex', '--data', folder)
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /the pattern is refused/)
  const place = await trace('x', '-', '--scan', 'text', '--resume', 'nowhere', '--data', folder)
  assert.equal(place.code, 2)
})

test('a text as an argument, an empty one and a wrong limit are refused', async () => {
  for (const args of [[LEAK], ['-', '--limit', '0']]) {
    const ran = await trace(LEAK, ...args, '--data', console.gateway.folder)
    assert.equal(ran.code, 2, args.join(' '))
    assert.equal(ran.out, '')
  }
  const empty = await trace(' \n', '-', '--data', console.gateway.folder)
  assert.equal(empty.code, 2)
})

async function tokenFile(token: string): Promise<string> {
  const path = join(console.gateway.folder, '..', `token-${token.slice(-6)}`)
  await writeFile(path, token, { mode: 0o600 })
  return path
}
