import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { escaped } from '../src/approvals/notify/slack.ts'
import { isSigned } from '../src/approvals/notify/slack-interaction.ts'
import { HOLD_POLICY, approvalGateway, fastClock } from './harness/approval-gateway.ts'
import type { ApprovalGateway } from './harness/approval-gateway.ts'
import { startMailSink } from './harness/mail-sink.ts'
import type { Mail } from './harness/mail-sink.ts'
import { until } from './harness/until.ts'

const SECRET = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`
const SIGNING = 'slack-signing-secret'
const BLUEBIRD = 'notes <!channel> about project bluebird & more'

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly got: Received[]
  readonly until: (path: RegExp, count: number) => Promise<readonly Received[]>
}

/** A webhook receiver and a Slack API in one; `answer` says what comes back. */
async function startReceiver(
  answer: (request: Received, n: number) => { status: number; body?: string },
): Promise<Receiver> {
  const got: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body }
      got.push(one)
      const { status, body: text = '{}' } = answer(one, got.length)
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    got,
    until: async (path, count) => {
      const found = () => got.filter((one) => path.test(one.path))
      await until(
        () => found().length >= count,
        () => `only ${got.map((one) => one.path).join()} arrived`,
      )
      return found()
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('events are signed so that the reference library accepts them, once each, and again after a failure', async () => {
  await using receiver = await startReceiver((_, n) => ({ status: n === 1 ? 500 : 200 }))
  await using gateway = await approvalGateway({
    yaml: `approvals:\n  webhooks: { soc: { url: '${receiver.url}/hook', secret: '\${HOOK}' } }\n`,
    env: { HOOK: SECRET },
    clock: fastClock(20),
  })
  const call = gateway.ask(BLUEBIRD)
  const { id } = await gateway.pending()
  await gateway.decide(id, { choice: 'deny', reason: 'no' })
  await call
  const events = await receiver.until(/hook/, 4)
  const ids = events.map(({ headers }) => headers['webhook-id'])
  assert.equal(new Set(ids).size, 3)
  assert.equal(new Set(events.map(({ body }) => body)).size, 3)
  for (const { headers, body } of events) {
    // The gateway's time runs faster here than the library's.
    const timestamp = String(headers['webhook-timestamp'])
    const mac = new Webhook(SECRET).sign(
      String(headers['webhook-id']),
      new Date(Number(timestamp) * 1000),
      body,
    )
    assert.equal(headers['webhook-signature'], mac)
    assert.ok(!body.includes('project bluebird') && !body.includes('channel'), body)
  }
  const types = new Set(events.map(({ body }) => JSON.parse(body).type))
  assert.deepEqual([...types].toSorted(), ['approval.created', 'approval.denied', 'approval.voted'])
})

function click(approval: string, choice: string, user = 'U1', atMs = Date.now(), secret = SIGNING) {
  const payload = JSON.stringify({
    type: 'block_actions',
    user: { id: user },
    actions: [{ action_id: `decide-${choice}`, value: approval }],
  })
  const body = new URLSearchParams({ payload }).toString()
  const timestamp = String(Math.floor(atMs / 1000))
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  return {
    body,
    headers: { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${mac}` },
  }
}

async function sendClick(
  { console }: ApprovalGateway,
  { body, headers }: ReturnType<typeof click>,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${console.api}/slack/interactions`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  })
  return { status: answer.status, text: await answer.text() }
}

const slackYaml = (url: string): string => `approvals:
  slack:
    channel: C1
    apiUrl: '${url}'
    botToken: '\${BOT}'
    signingSecret: '\${SIGNING}'
    people: { U1: erin, U2: nobody, U3: dana }
`

test('a card in Slack is posted escaped, decided by a click of a known person, and rewritten', async () => {
  await using slack = await startReceiver(() => ({ status: 200, body: '{"ok":true,"ts":"17.5"}' }))
  await using gateway = await approvalGateway({
    yaml: slackYaml(slack.url),
    env: { BOT: 'xoxb-test', SIGNING },
  })
  const call = gateway.ask(BLUEBIRD)
  const { id } = await gateway.pending()
  const [posted] = await slack.until(/chat\.postMessage/, 1)
  assert.equal(posted?.headers.authorization, 'Bearer xoxb-test')
  assert.ok(!posted.body.includes('<!channel>') && !posted.body.includes('project bluebird'))
  assert.ok(posted.body.includes('&lt;!channel&gt;'))
  const answer = await sendClick(gateway, click(id, 'once'))
  assert.deepEqual([answer.status, JSON.parse(answer.text).text], [200, 'Done.'])
  assert.equal((await call).status, 200)
  const updated = await slack.until(/chat\.update/, 1)
  const last = JSON.parse(updated.at(-1)!.body)
  assert.equal(last.ts, '17.5')
  assert.match(last.text, /^Approved: /)
  assert.ok(!updated.at(-1)!.body.includes('decide-'))
  assert.equal((await slack.until(/chat\.postMessage/, 1)).length, 1)
  const [decided] = await gateway.approvals('decided')
  assert.equal(decided?.votes[0]?.surface, 'slack')
})

test('forged, late, repeated and foreign clicks decide nothing', async () => {
  await using slack = await startReceiver(() => ({ status: 200, body: '{"ok":true,"ts":"1"}' }))
  await using gateway = await approvalGateway({
    yaml: slackYaml(slack.url),
    env: { BOT: 'xoxb-test', SIGNING },
  })
  await gateway.console.person('dana', ['approver'])
  const call = gateway.ask(BLUEBIRD, { key: await gateway.console.keyFor('dana') })
  const { id } = await gateway.pending()
  const forged = [
    click(id, 'once', 'U1', Date.now(), 'wrong secret'),
    click(id, 'once', 'U1', Date.now() - 6 * 60_000),
    click(id, 'once', 'U1', Date.now() + 6 * 60_000),
    { ...click(id, 'once'), headers: {} as never },
    { ...click(id, 'once'), body: click(id, 'deny').body },
  ]
  for (const one of forged) assert.equal((await sendClick(gateway, one)).status, 401)
  for (const [user, said] of [
    ['U9', /not linked/],
    ['U2', /not linked/],
    ['constructor', /not linked/],
    ['U3', /stand behind/],
  ] as const) {
    const answer = await sendClick(gateway, click(id, 'once', user))
    assert.equal(answer.status, 200)
    assert.match(answer.text, said)
  }
  assert.equal((await gateway.approvals('pending')).length, 1)
  assert.equal(gateway.sent().length, 0)
  const good = click(id, 'deny')
  assert.equal((await sendClick(gateway, good)).status, 200)
  assert.equal((await sendClick(gateway, good)).status, 401)
  assert.equal((await call).status, 400)
  assert.match((await sendClick(gateway, click(id, 'once'))).text, /decided already/)
  assert.equal(gateway.sent().length, 0)
})

test('without Slack there is no door for it', async () => {
  await using gateway = await approvalGateway()
  assert.equal((await sendClick(gateway, click('ap_1', 'once'))).status, 404)
})

test('an empty secret signs nothing', () => {
  const { body, headers } = click('ap_1', 'once', 'U1', Date.now(), '')
  const call = {
    timestamp: headers['x-slack-request-timestamp'],
    signature: headers['x-slack-signature'],
    body,
  }
  assert.equal(isSigned('', call, Date.now()), false)
})

test('no text of a prompt mentions, links, draws or breaks a line in Slack', () => {
  assert.equal(escaped('<!here> a&b <https://x|y>'), '&lt;!here&gt; a&amp;b &lt;https://x|y&gt;')
  assert.ok(!/[\n\r\u202e]/.test(escaped('a\nb\r\u202ec')))
  assert.ok(!escaped('*bold* `code` _it_').includes('*bold*'))
  assert.ok(escaped('x'.repeat(9999)).length < 400)
})

test('Teams and mail are told with a link and nothing of the prompt, once each, and again after a failure', async () => {
  await using teams = await startReceiver((_, n) => ({ status: n === 1 ? 503 : 200 }))
  await using mail = await startMailSink(1)
  await using gateway = await approvalGateway({
    policy: HOLD_POLICY.replace('Project names stay inside', 'Names [stay](http://evil) *inside*'),
    yaml: `approvals:
  consoleUrl: https://custody.example
  teams: { soc: '\${TEAMS}' }
  email: { smtp: '\${SMTP}', from: custody@example.org, to: [secops@example.org, erin@example.org] }
`,
    env: { TEAMS: `${teams.url}/teams`, SMTP: mail.url },
    clock: fastClock(20),
  })
  const call = gateway.ask(BLUEBIRD)
  const { id } = await gateway.pending()
  const [first, second] = await teams.until(/teams/, 2)
  assert.equal(first?.body, second?.body)
  const posted = JSON.parse(second!.body)
  const [{ contentType, content }] = posted.attachments
  assert.deepEqual(
    [posted.type, contentType],
    ['message', 'application/vnd.microsoft.card.adaptive'],
  )
  assert.deepEqual([content.type, content.version], ['AdaptiveCard', '1.4'])
  assert.deepEqual(content.actions, [
    { type: 'Action.OpenUrl', title: 'Open', url: 'https://custody.example/approvals' },
  ])
  // Nothing of a rule's title is drawn as a link or as emphasis.
  assert.match(content.body[0].text, /\\\[stay\\\]\\\(http:\/\/evil\\\) \\\*inside\\\*$/)
  const sent = await firstOf(mail.mails)
  assert.equal(sent.from, 'custody@example.org')
  assert.deepEqual(sent.to, ['secops@example.org', 'erin@example.org'])
  assert.match(sent.text, /^Subject: Waits for approval: Names/m)
  assert.match(sent.text, /https:\/\/custody\.example\/approvals/)
  assert.ok(sent.text.includes(id))
  for (const told of [second!.body, sent.text])
    assert.ok(!/bluebird|channel|notes/.test(told), told)
  await gateway.decide(id, { choice: 'deny' })
  await call
  // The decision itself is told where it can be read, not by more mail.
  assert.equal(mail.mails.length, 1)
})

async function firstOf(mails: readonly Mail[]): Promise<Mail> {
  await until(() => mails.length > 0)
  return mails[0]!
}
