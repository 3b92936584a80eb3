import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { approvalGateway } from './harness/approval-gateway.ts'
import { until } from './harness/until.ts'

const WORDS = 'severance of the head of trading, project bluebird, for the works council'

async function slack() {
  const posts: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      posts.push(body)
      response.end('{"ok":true,"ts":"1.2","channel":"C1"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    posts,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('the words of a held request are restricted as its content is: to approvers until another person lets them in, and to a channel for good', async () => {
  await using channel = await slack()
  await using gateway = await approvalGateway({
    yaml: `restricted: { principals: ["hr-*"] }
approvals:
  slack: { channel: C1, apiUrl: '${channel.url}', botToken: '\${BOT}', signingSecret: '\${BOT}', people: {} }
`,
    env: { BOT: 'xoxb' },
  })
  const { console, approver } = gateway
  const olga = await console.person('olga', ['investigator'])
  const rosa = await console.person('rosa', ['auditor'])
  const cardOf = async (id: string, call = approver) => (await call('GET', `/approvals/${id}`)).body

  const plain = gateway.ask(WORDS)
  const open = await gateway.pending()
  const shown = await cardOf(open.id)
  assert.equal(shown.withheld, '')
  assert.match(shown.excerpts[0].text, /severance/)
  // A card that is told after the decision has no words anyway.
  await until(() => channel.posts.some((post) => post.includes('severance')))
  await gateway.decide(open.id, { choice: 'deny', reason: 'no' })
  await plain

  const call = gateway.ask(WORDS, { key: await console.keyFor('hr-assistant') })
  const held = await gateway.pending()
  const before = await cardOf(held.id)
  assert.deepEqual([before.withheld, before.excerpts], ['principal hr-assistant', []])
  // Who decides still knows who, where to, which rule, and what was found.
  assert.equal(before.approval.principal, 'hr-assistant')
  assert.equal(before.approval.rules[0].rule, 'no-bluebird')
  assert.deepEqual((await cardOf(held.id, olga.call)).excerpts, [])
  const auditor = await cardOf(held.id, rosa.call)
  assert.deepEqual([auditor.withheld, auditor.excerpts], ['', []])

  const asked = await approver('POST', '/accesses', {
    body: { exchanges: [held.exchange], reason: 'I am to decide about it', minutes: 10 },
  })
  assert.equal(asked.status, 201, asked.text)
  const own = await approver('POST', `/accesses/${asked.body.id}/decide`, {
    body: { verdict: 'grant', reason: 'I let myself in' },
  })
  assert.equal(own.body.code, 'content.own-access')
  assert.deepEqual((await cardOf(held.id)).excerpts, [])
  const granted = await olga.call('POST', `/accesses/${asked.body.id}/decide`, {
    body: { verdict: 'grant', reason: 'Somebody has to read it' },
  })
  assert.equal(granted.status, 200, granted.text)
  const after = await cardOf(held.id)
  assert.equal(after.withheld, '')
  assert.match(after.excerpts[0].text, /severance/)
  // Olga let somebody in, and is not in by that.
  assert.deepEqual((await cardOf(held.id, olga.call)).excerpts, [])

  const told = () => channel.posts.filter((post) => post.includes('hr-assistant'))
  await until(() => told().length > 0)
  for (const post of told()) assert.doesNotMatch(post, /severance|works council/)
  await gateway.decide(held.id, { choice: 'deny', reason: 'no' })
  assert.equal((await call).status, 400)
})
