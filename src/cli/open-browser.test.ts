import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/harness/temporary-folder.ts'
import { until } from '../../test/harness/until.ts'
import { browserCommand, leadingPage, openPage } from './open-browser.ts'

const ADDRESS = 'file:///tmp/x/open.html'
const atDesk = { out: { isTTY: true }, env: { DISPLAY: ':0' }, platform: 'darwin' } as const

test('a desk opens the browser it has, without a shell', () => {
  assert.deepEqual(browserCommand(atDesk, ADDRESS), {
    program: '/usr/bin/open',
    args: [ADDRESS],
  })
  const windows = browserCommand({ ...atDesk, platform: 'win32' }, 'file:///c:/a&calc.exe')
  assert.deepEqual(windows, {
    program: 'rundll32.exe',
    args: ['url.dll,FileProtocolHandler', 'file:///c:/a&calc.exe'],
  })
})

test('no browser is opened in a pipe, in CI, over SSH, without a display, or where it is said', () => {
  assert.equal(browserCommand({ ...atDesk, out: {} }, ADDRESS), null)
  assert.equal(browserCommand({ ...atDesk, out: { isTTY: false } }, ADDRESS), null)
  for (const [name, value] of [
    ['CI', 'true'],
    ['SSH_CONNECTION', '10.0.0.1 22 10.0.0.2 22'],
    ['SSH_TTY', '/dev/pts/1'],
    ['SSH_CLIENT', '10.0.0.1'],
    ['BROWSER', 'none'],
  ] as const) {
    assert.equal(browserCommand({ ...atDesk, env: { [name]: value } }, ADDRESS), null, name)
  }
  assert.equal(browserCommand({ ...atDesk, env: {}, platform: 'linux' }, ADDRESS), null)
  const nowhere = { DISPLAY: ':0', PATH: '/nonexistent' }
  assert.equal(browserCommand({ ...atDesk, env: nowhere, platform: 'linux' }, ADDRESS), null)
})

test(
  'on Linux xdg-open is given the path of the page, and nothing of the link',
  { skip: process.platform === 'win32' },
  async () => {
    using folder = temporaryFolder()
    const bin = join(folder.path, 'bin')
    mkdirSync(bin)
    const program = join(bin, 'xdg-open')
    const told = join(folder.path, 'told')
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > '${told}.new' && mv '${told}.new' '${told}'\n`,
    )
    chmodSync(program, 0o755)
    const page = join(folder.path, "it's & $(odd) open.html")
    const env = { DISPLAY: ':0', PATH: `${bin}:/usr/bin:/bin` }
    assert.equal(openPage({ out: { isTTY: true }, env, platform: 'linux' }, page), true)
    await until(() => existsSync(told))
    const [count, address = ''] = readFileSync(told, 'utf8').split('\n')
    assert.equal(count, '1')
    assert.equal(new URL(address).pathname.endsWith("it's%20&%20$(odd)%20open.html"), true)
  },
)

test('the page leads to the address and to nothing that stands in it', () => {
  const page = leadingPage('http://127.0.0.1:8081/login#token=a_b-c&to=investigate')
  assert.match(page, /url=http:\/\/127\.0\.0\.1:8081\/login#token=a_b-c&#38;to=investigate"/)
  const odd = leadingPage(`http://x/"><script>alert('1')</script>`)
  assert.doesNotMatch(odd, /<script|"><|'/)
})
