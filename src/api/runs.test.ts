import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'
import { startMailSink, type MailSink } from '../../test/harness/mail-sink.ts'
import { untilSeen } from '../../test/harness/until.ts'

const CARD = '4111 1111 1111 1111'
const LEAK = `Project Kingfisher: the price is settled at 38.50 a share, the board of Halvorsen votes on the
twelfth of May, and nobody may speak of it before. Pay the adviser from card ${CARD} this week.`

let console: TestConsole
let ines: TestPerson
let olga: TestPerson
let receiver: Server
let mail: MailSink
const received: {
  readonly path: string
  readonly body: string
  readonly headers: IncomingHttpHeaders
}[] = []
/** What Slack says next. */
let slackSays = '{"ok":true}'

before(async () => {
  receiver = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { url = '', headers } = request
      received.push({ path: url, body: Buffer.concat(parts).toString(), headers })
      response.writeHead(url === '/broken' ? 500 : 200)
      response.end(url.startsWith('/slack') ? slackSays : 'ok')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  mail = await startMailSink()
  console = await startConsole({
    yaml: `masking:
  packs: [pci]
  directions: [request]
  rules:
    - { id: owl, entity: OWL, pattern: 'owl "[A-Z][a-z]{2,5}"', score: 0.9, examples: { positive: ['owl "Ulla"'], negative: ['an owl'] } }
approvals:
  webhooks:
    soc: { url: 'http://127.0.0.1:${port}/soc', secret: '\${HOOK}' }
    old: { url: 'http://127.0.0.1:${port}/broken', secret: '\${HOOK}' }
  slack:
    channel: C7
    apiUrl: 'http://127.0.0.1:${port}/slack'
    botToken: '\${BOT}'
    signingSecret: '\${BOT}'
    people: {}
  teams: { desk: '\${TEAMS}' }
  email: { smtp: '\${SMTP}', from: custody@example.org, to: [counsel@example.org, dpo@example.org] }
`,
    env: {
      HOOK: `whsec_${Buffer.from('a secret of the receiver').toString('base64')}`,
      BOT: 'xoxb-of-the-bot',
      TEAMS: `http://127.0.0.1:${port}/teams/secret-address`,
      SMTP: mail.url,
    },
  })
  ines = await console.person('ines', ['investigator'])
  olga = await console.person('olga', ['investigator'])
})
after(async () => {
  await console[Symbol.asyncDispose]()
  await mail[Symbol.asyncDispose]()
  receiver.closeAllConnections()
  await new Promise((resolve) => receiver.close(resolve))
})

/** Asks until the index has read everything. */
async function run(by: TestPerson, body: object) {
  const answer = await untilSeen(
    () => by.call('POST', '/runs', { body }),
    (one) => one.status !== 200 || one.body.answer.isBehind !== true,
  )
  assert.equal(answer.status, 200, answer.text)
  return answer.body
}

let keyOfMara: string | null = null

async function leaked(): Promise<string> {
  if (keyOfMara === null) {
    await console.person('mara', ['member'])
    keyOfMara = await console.keyFor('mara')
  }
  return console.chat(`Repeat this:\n${LEAK}`, { key: keyOfMara })
}

test('a pasted text opens a case with every exposed exchange pinned under the search, and without the text', async () => {
  const exchange = await leaked()
  const first = await run(ines, { text: LEAK })
  assert.equal(first.case.severity, 'high')
  assert.ok(first.pinned >= 1)
  const file = await ines.call('GET', `/cases/${first.case.id}`)
  assert.ok(!file.text.includes('Kingfisher'))
  const pins = file.body.entries.filter((one: { kind: string }) => one.kind === 'pin')
  const pin = pins.find((one: { target: string }) => one.target === exchange)
  assert.equal(pin.parent, first.search)
  assert.equal(pin.span.part, 'answer')
  assert.match(pin.text, /its answer returned it, (?:raw|masked) \(\d+ % of the text\)/)
  // A narrower question in the same case hangs below the first, and pins nothing twice.
  const second = await run(ines, {
    text: LEAK.slice(0, 150),
    case: first.case.id,
    parent: first.search,
  })
  assert.equal(second.pinned, 0)
  const state = await ines.call('GET', `/cases/${first.case.id}/run`)
  const tree = state.body.searches.map((one: { parent: string | null; pins: number }) => [
    one.parent,
    one.pins,
  ])
  assert.deepEqual(tree[0], [null, first.pinned])
  assert.deepEqual(tree.at(-1), [first.search, 0])
  assert.deepEqual(state.body.exposure.principals, [{ value: 'mara', count: 1 }])
  const trail = await console.admin('GET', '/audit?operation=runs.start')
  assert.equal(trail.body.items[0].target, second.answer.digest)
  assert.ok(!trail.text.includes('Kingfisher'))
})

const MEMO = `To the desk: "Heron" is priced at 17.25,
and Castellan & Sons are told on Friday\tafter the close; until then the book stays shut for everybody but the four of us here.`

test('what a request held is pinned by its block and the place in its text, and a pin without a block is read as before', async () => {
  const { gateway } = console
  const sent = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'application/json',
      'x-sandbox-script': '{"bytes":80}',
    },
    body: JSON.stringify({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Good morning.' },
        { role: 'user', content: `Please translate this.\n\n${MEMO}\n\nThank you.` },
      ],
    }),
  })
  await sent.arrayBuffer()
  const exchange = sent.headers.get('x-custody-exchange') ?? ''
  await gateway.app.evidence.flush()
  const { case: opened } = await run(ines, { text: MEMO })
  const file = await ines.call('GET', `/cases/${opened.id}`)
  const [pin] = file.body.entries.filter((one: { kind: string }) => one.kind === 'pin')
  assert.deepEqual([pin.target, pin.span.part, pin.span.block], [exchange, 'request', 2])

  await ines.call('POST', '/reveals', {
    body: { scope: { kind: 'exchange', exchangeId: exchange }, reason: 'to see what is pinned' },
  })
  const content = await ines.call('GET', `/exchanges/${exchange}/content?mode=revealed`)
  const { text } = content.body.request.blocks[2].parts[0]
  // The full stop at its end is no letter of the passage.
  assert.equal(`${text.slice(pin.span.start, pin.span.end)}.`, MEMO)

  const old = { part: 'request', block: null, start: 3, end: 9 }
  const made = await ines.call('POST', `/cases/${opened.id}/entries`, {
    body: { kind: 'pin', target: exchange, span: old, text: 'as it was kept before' },
  })
  assert.equal(made.status, 201, made.text)
  const again = await ines.call('GET', `/cases/${opened.id}`)
  assert.deepEqual(again.body.entries.at(-1).span, old)
})

test('what only detection saw is pinned where the record of its finding says', async () => {
  const { gateway } = console
  // Too short for a passage, and no value by its looks.
  const owl = 'owl "Ute"'
  const sent = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: `Häuser\nand birds: the ${owl}, please.` },
      ],
    }),
  })
  await sent.arrayBuffer()
  const exchange = sent.headers.get('x-custody-exchange') ?? ''
  await gateway.app.evidence.flush()
  const { case: opened, answer } = await run(ines, { text: owl })
  assert.deepEqual(
    answer.hits.map(({ place, entity }: { place: string; entity: string }) => [place, entity]),
    [['finding', 'OWL']],
  )
  const file = await ines.call('GET', `/cases/${opened.id}`)
  const [pin] = file.body.entries.filter((one: { kind: string }) => one.kind === 'pin')
  assert.deepEqual([pin.target, pin.span.part, pin.span.block], [exchange, 'request', 1])
  await ines.call('POST', '/reveals', {
    body: { scope: { kind: 'exchange', exchangeId: exchange }, reason: 'to see what is pinned' },
  })
  const content = await ines.call('GET', `/exchanges/${exchange}/content?mode=revealed`)
  const { text } = content.body.request.blocks[1].parts[0]
  assert.equal(text.slice(pin.span.start, pin.span.end), owl)

  const detail = await ines.call('GET', `/exchanges/${exchange}`)
  const seen: readonly { entity: string }[] = detail.body.findings
  const pinFinding = (finding: number) =>
    ines.call('POST', `/cases/${opened.id}/entries`, {
      body: { kind: 'pin', target: exchange, finding },
    })
  const byHand = await pinFinding(seen.findIndex(({ entity }) => entity === 'OWL'))
  assert.deepEqual(byHand.body.span, pin.span, byHand.text)
  const none = await pinFinding(seen.length)
  assert.deepEqual([none.status, none.body.span], [201, null])
  for (const wrong of [-1, 1.5, 1e9]) assert.equal((await pinFinding(wrong)).status, 422)
})

test('the key behind it is named with its owner, and locking it is advised; one act locks, notes and contains', async () => {
  const exchange = await leaked().catch(() => '')
  const { case: opened } = await run(ines, { text: LEAK })
  const before = await ines.call('GET', `/cases/${opened.id}/run`)
  const [source] = before.body.sources
  assert.equal(source.owner, 'mara')
  assert.equal(source.keyState, 'active')
  assert.match(source.why[0], /answers? (?:to it )?returned the text/)
  const advised = before.body.subjects.filter((one: { isAdvised: boolean }) => one.isAdvised)
  assert.deepEqual(
    advised.map((one: { kind: string }) => one.kind),
    ['key', 'principal'],
  )
  const path = `/cases/${opened.id}/contain`
  const locks = advised.map(({ kind, value }: { kind: string; value: string }) => ({ kind, value }))
  // All or none: one that is wrong keeps the others from being set.
  const wrong = await ines.call('POST', path, {
    body: { locks: [...locks, { kind: 'key', value: 'no key' }], reason: 'the leak' },
  })
  assert.equal(wrong.status, 422, wrong.text)
  const none = await ines.call('GET', '/locks')
  assert.deepEqual(none.body.items, [])
  const done = await ines.call('POST', path, { body: { locks, reason: 'the leak' } })
  assert.equal(done.status, 200, done.text)
  assert.equal(done.body.locks.length, 2)
  const after = await ines.call('GET', `/cases/${opened.id}/run`)
  assert.equal(after.body.case.status, 'contained')
  assert.equal(after.body.done.contained, true)
  assert.ok(after.body.subjects.find((one: { kind: string }) => one.kind === 'principal').isLocked)
  assert.equal(after.body.sources[0].locks.length, 2)
  assert.match(after.body.notice.text, /Locked key key_\w+/)
  assert.ok(exchange === '' || after.body.exposure.exchanges.includes(exchange))
  for (const { lock } of done.body.locks)
    await olga.call('POST', `/locks/${lock.id}/release`, { body: { reason: 'the test goes on' } })
})

test('a rule is proposed by words or by the fingerprint of a value, tried on what is recorded, and not published', async () => {
  const { case: opened } = await run(ines, { text: LEAK })
  const path = `/cases/${opened.id}/rule`
  const words = await ines.call('POST', path, { body: { phrase: 'nobody may speak of it before' } })
  assert.equal(words.status, 200, words.text)
  assert.deepEqual(words.body.problems, [])
  assert.match(words.body.rule, /keywords:\n.*nobody may speak of it before/)
  assert.ok(words.body.backtest.rules[0].hits >= 1)
  const state = await ines.call('GET', `/cases/${opened.id}/run`)
  const [{ entity, fingerprint }] = state.body.values
  assert.equal(entity, 'CREDIT_CARD')
  const value = await ines.call('POST', path, { body: { findings: [{ entity, fingerprint }] } })
  assert.equal(value.status, 200, value.text)
  assert.ok(value.body.backtest.rules[0].hits >= 1, value.text)
  assert.ok(!value.text.includes('4111'))
  const empty = await ines.call('POST', path, { body: {} })
  assert.equal(empty.status, 422)
  const now = await ines.call('GET', '/policy')
  assert.equal(now.body.source, 'none')
  const refused = await ines.call('POST', '/policy', {
    body: { text: words.body.text, note: 'the leak', basedOn: 0 },
  })
  assert.equal(refused.status, 403)
  const trail = await console.admin('GET', '/audit?operation=cases.propose')
  assert.ok(!trail.text.includes('speak of it'))
})

test('receivers are told what a person wrote; the case keeps who took it, and a broken one is named', async () => {
  const { case: opened } = await run(ines, { text: LEAK })
  const state = await ines.call('GET', `/cases/${opened.id}/run`)
  assert.deepEqual(state.body.receivers, [
    'webhook soc',
    'webhook old',
    'slack',
    'teams desk',
    'email',
  ])
  assert.match(state.body.notice.text, /exposed: mara/)
  assert.ok(!state.body.notice.text.includes('Kingfisher'))
  const path = `/cases/${opened.id}/notices`
  const body = { receivers: ['webhook soc', 'webhook old'], ...state.body.notice }
  const told = await ines.call('POST', path, { body, headers: { 'idempotency-key': 'told-once' } })
  assert.deepEqual(told.body.told, [
    { receiver: 'webhook soc', problem: '' },
    { receiver: 'webhook old', problem: 'the receiver answered 500' },
  ])
  const again = await ines.call('POST', path, { body, headers: { 'idempotency-key': 'told-once' } })
  assert.deepEqual(again.body, told.body)
  const [event] = received.filter((one) => one.path === '/soc')
  assert.equal(received.filter((one) => one.path === '/soc').length, 1)
  const data = JSON.parse(event!.body)
  assert.equal(data.type, 'case.told')
  assert.equal(data.data.about, opened.id)
  const file = await ines.call('GET', `/cases/${opened.id}`)
  assert.match(file.body.entries.at(-1).text, /^Told webhook soc: /)
  const stranger = await ines.call('POST', path, { body: { ...body, receivers: ['webhook evil'] } })
  assert.equal(stranger.status, 422)
})

/** As a case is named by whoever pastes a line of the leak into its title. */
const HOSTILE = 'Odd <!channel> [here](https://evil.example) *now* \u202Egpj.exe'

test('Slack, Teams and mail are told the notice of the guided run: the same facts, no content, and nothing of a title is drawn', async () => {
  await leaked()
  const { case: opened } = await run(ines, { text: LEAK })
  const etag = (await ines.call('GET', `/cases/${opened.id}`)).headers.get('etag') ?? ''
  const renamed = await ines.call('PATCH', `/cases/${opened.id}`, {
    body: { title: HOSTILE },
    headers: { 'if-match': etag },
  })
  assert.equal(renamed.status, 200, renamed.text)
  const { body: state } = await ines.call('GET', `/cases/${opened.id}/run`)
  const receivers = ['slack', 'teams desk', 'email']
  const path = `/cases/${opened.id}/notices`
  const told = await ines.call('POST', path, { body: { receivers, ...state.notice } })
  assert.deepEqual(
    told.body.told,
    receivers.map((receiver) => ({ receiver, problem: '' })),
  )
  const url = `/cases/${opened.id}`

  const slack = received.findLast((one) => one.path === '/slack/chat.postMessage') ?? assert.fail()
  assert.equal(slack.headers.authorization, 'Bearer xoxb-of-the-bot')
  const posted = JSON.parse(slack.body)
  assert.deepEqual([posted.channel, posted.unfurl_links], ['C7', false])
  assert.match(posted.text, /exposed: .*mara/)
  assert.ok(posted.text.includes(url))
  assert.match(posted.text, /Odd &lt;!channel&gt; /)
  assert.doesNotMatch(posted.text, /<!channel>|\*now\*|\u202E/)

  const teams = received.findLast((one) => one.path.startsWith('/teams/')) ?? assert.fail()
  const card = JSON.parse(teams.body).attachments[0]
  assert.equal(card.contentType, 'application/vnd.microsoft.card.adaptive')
  const drawn = card.content.body.map(({ text }: { readonly text: string }) => text).join('\n')
  assert.match(drawn, /exposed: .*mara/)
  assert.doesNotMatch(drawn, /[^\\]\[here\]|[^\\]\*now|\u202E/)
  assert.ok(card.content.actions[0].url.endsWith(url))

  const [letter] = mail.mails.slice(-1)
  assert.deepEqual(letter?.to, ['counsel@example.org', 'dpo@example.org'])
  // Quoted-printable, with folded headers.
  const text = (letter?.text ?? '').replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=')
  assert.match(text, /^Subject: .*TLP:AMBER/m)
  assert.match(text, /exposed: .*mara/)
  assert.ok(text.includes(url))

  for (const sent of [slack.body, teams.body, text]) {
    assert.doesNotMatch(sent, /Kingfisher|speak of it|4111/)
  }
  const file = await ines.call('GET', `/cases/${opened.id}`)
  assert.match(file.body.entries.at(-1).text, /^Told slack, teams desk, email: /)
  const after = await ines.call('GET', `/cases/${opened.id}/run`)
  assert.equal(after.body.done.told, true)
})

test('a receiver that refuses or is away is named with its reason and without its address; a case that reached nobody says nothing', async () => {
  const { case: opened } = await run(ines, { text: LEAK })
  const { body: state } = await ines.call('GET', `/cases/${opened.id}/run`)
  const path = `/cases/${opened.id}/notices`
  slackSays = '{"ok":false,"error":"channel_not_found"}'
  await mail[Symbol.asyncDispose]()
  const told = await ines.call('POST', path, {
    body: { receivers: ['slack', 'email', 'webhook old'], ...state.notice },
  })
  slackSays = '{"ok":true}'
  const [slack, email, webhook] = told.body.told
  assert.deepEqual(slack, { receiver: 'slack', problem: 'Slack refused: channel_not_found' })
  assert.match(email.problem, /^ECONN[A-Z]+$/)
  assert.equal(webhook.problem, 'the receiver answered 500')
  assert.doesNotMatch(told.text, /127\.0\.0\.1|xoxb|secret-address/)
  const after = await ines.call('GET', `/cases/${opened.id}/run`)
  assert.equal(after.body.done.told, false)
  const trail = await console.admin('GET', '/audit?operation=cases.tell')
  assert.match(trail.text, /slack, email, webhook old/)
})

test('a hold and a bundle for a case are kept in it', async () => {
  const { case: opened } = await run(ines, { text: LEAK })
  const state = await ines.call('GET', `/cases/${opened.id}/run`)
  const { exchanges } = state.body.exposure
  const hold = await ines.call('POST', '/holds', {
    body: { scope: { kind: 'case', case: opened.id, exchanges }, reason: 'kept for the case' },
  })
  assert.equal(hold.status, 201, hold.text)
  const bundle = await ines.call('POST', '/exports', {
    body: { exchanges, case: opened.id, reason: 'for the counsel of the bank', content: 'masked' },
  })
  assert.equal(bundle.status, 200, bundle.text.slice(0, 200))
  const after = await ines.call('GET', `/cases/${opened.id}/run`)
  assert.equal(after.body.done.held, true)
  assert.equal(after.body.done.handedOut, true)
})

test('a sealed case takes no trace, shows no state and sets no lock for who is no member', async () => {
  const made = await olga.call('POST', '/cases', {
    body: { title: 'About the board', sealed: true },
  })
  const { id } = made.body
  const calls: readonly (readonly [string, string, object])[] = [
    ['POST', '/runs', { text: LEAK, case: id }],
    ['GET', `/cases/${id}/run`, {}],
    ['POST', `/cases/${id}/contain`, { locks: [{ kind: 'model', value: '*' }], reason: 'no' }],
    ['POST', `/cases/${id}/rule`, { phrase: 'nobody may speak' }],
    [
      'POST',
      `/cases/${id}/notices`,
      { receivers: ['webhook soc'], subject: 'abc', text: 'abcdefghijk' },
    ],
  ]
  for (const [method, path, body] of calls) {
    const answer = await ines.call(method, path, method === 'GET' ? {} : { body })
    assert.equal(answer.body.code, 'case.sealed', `${path}: ${answer.text}`)
  }
  assert.deepEqual((await olga.call('GET', '/locks')).body.items, [])
  const own = await olga.call('GET', `/cases/${id}/run`)
  assert.match(own.body.notice.subject, /a sealed case/)
  assert.ok(!own.body.notice.text.includes('About the board'))
})
