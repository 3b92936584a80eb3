import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { CSRF, caller, startConsole } from '../../test/harness/console.ts'

let console: TestConsole
let ivy: TestPerson

before(async () => {
  console = await startConsole()
  ivy = await console.person('ivy', ['investigator'])
})
after(() => console[Symbol.asyncDispose]())

/** Paths and headers exactly as written: fetch would tidy them up. */
function raw(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  const { hostname, port } = new URL(console.api)
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, method, path, headers }, (answer) => {
      let text = ''
      answer.on('data', (bytes: Buffer) => (text += bytes.toString()))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: text, headers: answer.headers }),
      )
    })
    call.on('error', reject)
    call.end(body)
  })
}

test('a cookie alone changes nothing: the header that another site cannot set is required', async () => {
  const bare = caller(console.api, { cookie: ivy.cookie })
  const view = { name: 'v', page: 'exchanges', query: '' }
  const refused = await bare('POST', '/views', { body: view })
  assert.equal(refused.body.code, 'api.cross-site')
  assert.equal((await ivy.byCookie('POST', '/views', { body: view })).status, 201)
  assert.equal((await bare('POST', '/logout')).body.code, 'api.cross-site')
  assert.equal((await ivy.byCookie('GET', '/me')).status, 200)
})

test('calls that the browser says come from another site are refused, also reads', async () => {
  for (const site of ['cross-site', 'same-site']) {
    for (const method of ['GET', 'POST']) {
      const answer = await raw(method, '/api/v1/me', {
        cookie: ivy.cookie,
        'sec-fetch-site': site,
        ...CSRF,
      })
      // There is no POST /me; the refusal of GET is what counts.
      if (method === 'GET') assert.equal(JSON.parse(answer.body).code, 'api.cross-site')
    }
    const write = await raw(
      'POST',
      '/api/v1/views',
      {
        cookie: ivy.cookie,
        'sec-fetch-site': site,
        'content-type': 'application/json',
        ...CSRF,
      },
      '{}',
    )
    assert.equal(JSON.parse(write.body).code, 'api.cross-site')
  }
})

test('an Origin that is not ours is refused even with the header', async () => {
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
    const answer = await raw('POST', '/api/v1/logout', { cookie: ivy.cookie, origin, ...CSRF }, '')
    assert.equal(JSON.parse(answer.body).code, 'api.cross-site', origin)
  }
})

test('a login cannot be forged from another site', async () => {
  const body = JSON.stringify({ token: 'cll_x' })
  const json = { 'content-type': 'application/json' }
  const bare = await raw('POST', '/api/v1/login/link', json, body)
  assert.equal(JSON.parse(bare.body).code, 'api.cross-site')
  const form = await raw(
    'POST',
    '/api/v1/login/link',
    { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' },
    body,
  )
  assert.equal(JSON.parse(form.body).code, 'api.cross-site')
})

test('no answer permits another origin to read it', async () => {
  for (const path of ['/api/v1/me', '/api/v1/openapi.json', '/healthz', '/']) {
    const answer = await raw('GET', path, { origin: 'https://evil.example', cookie: ivy.cookie })
    assert.equal(answer.headers['access-control-allow-origin'], undefined, path)
  }
  const preflight = await raw('OPTIONS', '/api/v1/views', {
    origin: 'https://evil.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'x-custody-csrf',
  })
  assert.equal(preflight.headers['access-control-allow-origin'], undefined)
  assert.ok(preflight.status >= 400)
})

test('every answer forbids framing, sniffing and foreign scripts', async () => {
  const paths = ['/', '/login', '/api/v1/me', '/api/v1/nothing', '/api/v1/reference', '/readyz']
  for (const path of paths) {
    const { headers } = await raw('GET', path)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'none'/, path)
    assert.match(policy, /frame-ancestors 'none'/, path)
    assert.doesNotMatch(policy, /unsafe-|https?:/, path)
    assert.equal(headers['x-frame-options'], 'DENY', path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.equal(headers['referrer-policy'], 'no-referrer', path)
  }
})

test('the pages hold no inline script and no outside address', async () => {
  for (const path of ['/', '/login', '/api/v1/reference']) {
    const { body } = await raw('GET', path)
    assert.doesNotMatch(body, /<script(?![^>]*\bsrc=)[^>]*>/i, path)
    assert.doesNotMatch(body, /\son\w+=/i, path)
    assert.doesNotMatch(body, /(?:src|href)="(?:https?:)?\/\//i, path)
  }
})

test('no path leads out of the console folder', async () => {
  const paths = [
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/assets/../../package.json',
    '/assets/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/assets/%00.js',
    '/package.json',
    '/.git/config',
    '/src/main.ts',
  ]
  for (const path of paths) {
    const answer = await raw('GET', path)
    assert.doesNotMatch(answer.body, /"devDependencies"|root:|\[core\]/, path)
    assert.ok(
      answer.status === 404 || answer.status === 400 || /<!doctype html>/i.test(answer.body),
    )
  }
})

test('oversized, malformed and mistyped bodies are refused with what is wrong', async () => {
  const json = { 'content-type': 'application/json' }
  const send = (body: string, headers = json) =>
    raw('POST', '/api/v1/views', { cookie: ivy.cookie, ...CSRF, ...headers }, body)
  const large = await send(JSON.stringify({ name: 'x'.repeat(70_000), page: 'a', query: '' }))
  assert.equal(large.status, 413)
  assert.equal(JSON.parse(large.body).code, 'api.too-large')
  for (const body of ['{', '', 'null', '[]', '"x"', '{"name":1}', '\u0000', '{"__proto__":1}']) {
    const answer = await send(body)
    assert.equal(answer.status, 422, body)
    assert.equal(JSON.parse(answer.body).code, 'api.invalid')
  }
  const unknown = await send(JSON.stringify({ name: 'a', page: 'a', query: '', admin: true }))
  assert.equal(unknown.status, 422)
  const typed = await send('name=a', { 'content-type': 'application/x-www-form-urlencoded' })
  assert.ok(typed.status === 415 || typed.status === 422)
  const problem = JSON.parse((await send('{"name":"","page":"a","query":""}')).body)
  assert.deepEqual(
    problem.errors.map((error: { path: string }) => error.path),
    ['name'],
  )
})

test('a chunked body without a length is limited too', async () => {
  const stream = new ReadableStream({
    start: (controller) => {
      for (let i = 0; i < 40; i += 1) controller.enqueue(new TextEncoder().encode('x'.repeat(4096)))
      controller.close()
    },
  })
  const answer = await fetch(`${console.api}/views`, {
    method: 'POST',
    headers: { cookie: ivy.cookie, 'content-type': 'application/json', ...CSRF },
    body: stream,
    duplex: 'half',
  })
  assert.equal(answer.status, 413)
})

test('odd parameters are refused, not guessed', async () => {
  const refused = [
    '/exchanges?limit=0',
    '/exchanges?limit=201',
    '/exchanges?limit=x',
    '/exchanges?cursor=nothing',
    '/exchanges?state=gone',
    '/exchanges?status=9xx',
    '/exchanges?sinceMs=-1',
    `/exchanges?model=${'m'.repeat(600)}`,
    '/exchanges/histogram?fromMs=2&toMs=1',
    '/exchanges/histogram?fromMs=1&toMs=2&buckets=100000',
    '/exchanges/ex_1',
    '/exchanges/%2e%2e',
  ]
  for (const path of refused) {
    const answer = await ivy.call('GET', path)
    assert.ok(answer.status === 422 || answer.status === 404, `${path} ${answer.status}`)
  }
  for (const hostile of ["' or 1=1 --", '%00', '\u202e', '💥', '*']) {
    const answer = await ivy.call('GET', `/exchanges?principal=${encodeURIComponent(hostile)}`)
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body.items, [])
  }
})

test('two proofs at once are refused, whoever they belong to', async () => {
  const both = caller(console.api, { cookie: ivy.cookie, authorization: `Bearer ${ivy.token}` })
  assert.equal((await both('GET', '/me')).body.code, 'identity.conflicting')
  const doubled = caller(console.api, { cookie: `${ivy.cookie}; ${console.adminCookie}` })
  assert.equal((await doubled('GET', '/me')).status, 401)
})

test('what is no token gets nowhere', async () => {
  const wrong = [
    'Bearer',
    'Bearer ',
    `Bearer ${ivy.token.slice(0, -1)}`,
    `Bearer ${ivy.token}x`,
    `Basic ${Buffer.from(`ivy:${ivy.token}`).toString('base64')}`,
    `Bearer ${console.gateway.key}`,
    `Bearer ${ivy.cookie.split('=')[1]}`,
  ]
  for (const authorization of wrong) {
    const answer = await caller(console.api, { authorization })('GET', '/me')
    assert.equal(answer.status, 401, authorization)
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="custody"')
  }
})
