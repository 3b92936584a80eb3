import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { test } from 'node:test'
import { fail } from '../model/errors.ts'
import { createLogger } from './logger.ts'
import { standardErrorSink } from './standard-error.ts'
import type { LogChoice } from './logger.ts'

function start(choice: Partial<LogChoice> = {}) {
  const lines: string[] = []
  const logger = createLogger(
    { level: 'info', format: 'json', ...choice },
    {
      clock: { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6), monotonicMs: () => 0 },
      sink: { write: (line) => lines.push(line), flush: () => Promise.resolve() },
    },
  )
  return {
    logger,
    lines,
    last: (): Record<string, unknown> => {
      const line: Record<string, unknown> = JSON.parse(lines.at(-1) ?? '{}')
      return line
    },
  }
}

test('a line is one JSON object with level, time, fields and event', () => {
  const { logger, lines, last } = start()
  logger.info({ exchange: 'ex_1', status: 200, model: null, nothing: undefined }, 'exchange')
  assert.equal(lines.length, 1)
  assert.ok(lines[0]?.endsWith('\n'))
  assert.deepEqual(last(), {
    level: 'info',
    time: '2026-01-02T03:04:05.006Z',
    exchange: 'ex_1',
    status: 200,
    model: null,
    event: 'exchange',
  })
})

test('lines below the level are not written, and the level can change', () => {
  const { logger, lines } = start({ level: 'warn' })
  logger.info({}, 'a')
  logger.debug({}, 'b')
  logger.warn({}, 'c')
  logger.setLevel('debug')
  logger.debug({}, 'd')
  logger.setLevel('silent')
  logger.error({}, 'e')
  assert.deepEqual(
    lines.map((line) => /"event":"(.)"/.exec(line)?.[1]),
    ['c', 'd'],
  )
})

test('values that are or look like credentials are removed', () => {
  const { logger, lines } = start()
  const secrets = {
    authorization: 'hunter2',
    Cookie: 'hunter2',
    apiKey: 'hunter2',
    note: 'got Bearer hunter2xyz',
    url: 'https://u:hunter2@x',
    key: 'sk-hunter2',
  }
  logger.info(secrets, 'x')
  assert.ok(!lines.join('').includes('hunter2'), lines.join(''))
  logger.info(
    { exchange: 'ex_01jabcdefghjkmnpqrstvwxyz0', keyId: 'key_01jabcdefghjkmnpqrstvwxyz0' },
    'x',
  )
  assert.match(lines.at(-1) ?? '', /ex_01jabc.*key_01jabc/)
})

test('a long value is cut', () => {
  const { logger, lines } = start()
  logger.info({ model: 'm'.repeat(100_000) }, 'x')
  assert.ok((lines[0]?.length ?? 0) < 1300)
})

test('the message of an error that may quote content is left out', () => {
  const { logger, lines, last } = start()
  const quoting = (): unknown => {
    try {
      return JSON.parse('my private prompt')
    } catch (error) {
      return error
    }
  }
  logger.error({}, 'fault', quoting())
  logger.error({}, 'fault', new Error('my private prompt', { cause: quoting() }))
  logger.error({}, 'fault', 'my private prompt')
  logger.error({}, 'fault', Object.assign(new TypeError('my private prompt'), { code: 'ERR_X' }))
  assert.ok(!lines.join('').includes('private'), lines.join(''))
  const { error, errorCode, stack } = last()
  assert.deepEqual([error, errorCode], ['TypeError', 'ERR_X'])
  assert.match(String(stack), /^at .*logger\.test\.ts/)
})

test('the message of our own and of system errors is kept, with the causes by code', () => {
  const { logger, last } = start()
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  })
  logger.error({ exchange: 'ex_1' }, 'fault', fail('upstream.refused', '', cause))
  const line = last()
  assert.equal(line['errorCode'], 'upstream.refused')
  assert.equal(line['errorMessage'], 'The upstream refused the connection.')
  assert.equal(line['errorCause'], 'ECONNREFUSED')
  logger.error({}, 'fault', cause)
  assert.equal(last()['errorMessage'], cause.message)
})

test('on a terminal a line is readable and cannot drive the terminal', () => {
  const { logger, lines } = start({ format: 'pretty' })
  logger.warn({ model: 'a b\u001b[2J\n\u202e', status: 400 }, 'exchange', new RangeError('too far'))
  const text = lines.join('')
  assert.match(text, /^03:04:05\.006 .*warn .*exchange/)
  assert.match(text, /model="a b\\u\{1b\}\[2J\\n\\u\{202e\}"/)
  assert.match(text, /status=400/)
  assert.match(text, /\n {4}at /)
  assert.ok(!text.includes('\u001b[2J') && !text.includes('\u202e'))
})

test('lines go to standard error alone, and a disposed logger has written them all', () => {
  const logger = JSON.stringify(new URL('./logger.ts', import.meta.url).href)
  const script = `
    const { createLogger } = await import(${logger})
    const log = createLogger({ level: 'info', format: 'auto' })
    for (let i = 0; i < 500; i += 1) log.info({ i }, 'counted')
    await log[Symbol.asyncDispose]()
    process.kill(process.pid, 'SIGKILL')`
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  assert.equal(run.stdout, '')
  const numbers = run.stderr
    .trimEnd()
    .split('\n')
    .map((line) => /"i":(\d+)/.exec(line)?.[1])
  assert.deepEqual(
    numbers,
    Array.from({ length: 500 }, (_, i) => String(i)),
  )
})

test('a log that cannot be written, a full disk say, neither stops nor ends the process', async () => {
  const full = process.platform === 'linux' ? [['/dev/full', 'w'] as const] : []
  for (const [path, flags] of [['/dev/null', 'r'] as const, ...full]) {
    // Never closed: what is left is written a little later, into whatever then has that number.
    const sink = standardErrorSink(openSync(path, flags))
    for (let count = 0; count < 3; count += 1) {
      sink.write('a line\n')
      await sink.flush()
    }
    sink.write('a line that is left at the end\n')
  }
})
