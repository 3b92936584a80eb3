import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { runCli } from '../../../test/harness/cli.ts'
import { startGateway } from '../../../test/harness/gateway.ts'

const EMAIL = 'jane.doe@example.org'
const CARD = '4111 1111 1111 1111'

test('show lists findings without values and, as sent, shows what went out in both directions', async () => {
  await using gateway = await startGateway({
    yaml: 'masking: { packs: [strict], operators: { EMAIL_ADDRESS: hash } }\n',
  })
  const body = JSON.stringify({
    model: 'echo',
    messages: [{ role: 'user', content: `é ${EMAIL} and more` }],
  })
  const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' }
  const url = `${gateway.url}/openai/v1/chat/completions`
  const answers = [
    await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'x-sandbox-script': JSON.stringify({ text: `card ${CARD}` }) },
      body,
    }),
    await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: gzipSync(body),
    }),
  ]
  const ids: string[] = []
  for (const answer of answers) {
    await answer.text()
    const record = await gateway.recorded(answer.headers.get('x-custody-exchange'))
    ids.push(record.facts.id)
  }
  const data = ['--data', gateway.folder]
  const received = await runCli('show', ids[0]!, ...data)
  assert.equal(received.code, 0, received.err)
  assert.ok(received.out.includes(EMAIL) && received.out.includes(CARD))
  const listed = received.out.slice(received.out.indexOf('findings in the request'))
  assert.match(
    listed,
    /findings in the request: 1\n {2}EMAIL_ADDRESS \(email, 0\.95\) hash, block 1/,
  )
  assert.match(listed, /findings in the answer: 1\n {2}CREDIT_CARD .* replace, body/)
  assert.ok(!listed.includes(EMAIL) && !listed.includes(CARD))
  for (const id of ids) {
    for (const flags of [[], ['--raw']]) {
      const sent = await runCli('show', id, '--as-sent', ...flags, ...data)
      assert.equal(sent.code, 0, sent.err)
      // The script of the sandbox is a header, and headers are not looked into.
      const out = sent.out.replace(/x-sandbox-script: .*/, '')
      assert.ok(!out.includes(EMAIL) && !out.includes(CARD), out)
      assert.match(sent.out, /<EMAIL_ADDRESS:[0-9a-f]{16}> and more/)
    }
  }
  const raw = await runCli('show', ids[0]!, '--as-sent', '--raw', '--request', ...data)
  const [first] = gateway.sandbox.received()
  assert.equal(raw.out, Buffer.from(first!.body, 'base64').toString())
})
