import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startConsole } from './harness/console.ts'
import type { TestConsole } from './harness/console.ts'

const POLICY = `version: 1
rules:
  - id: big
    title: Nothing big leaves at once
    on: request
    size: { newTokens: 600 }
    then: deny
    stage: enforce
    message: Too much at once.
    tests: [{ name: big, given: { text: "x" }, expect: allow }]
  - id: names
    title: Project names stay inside
    on: request
    when: 'findings.new("PROJECT") > 0'
    keywords: ["project bluebird"]
    label: PROJECT
    then: deny
    stage: enforce
    message: Project names stay inside.
    tests: [{ name: named, given: { text: "project bluebird" }, expect: deny }]
  - id: heron
    title: What is new about the heron waits
    on: request
    keywords: ["project heron"]
    occurrence: new
    then: mask
    stage: enforce
    message: The heron is masked while it is new.
    tests: [{ name: named, given: { text: "project heron" }, expect: mask }]
`

interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: string
  readonly reasoning_content?: string
}

const user = (content: string): Message => ({ role: 'user', content })
const model = (content: string): Message => ({ role: 'assistant', content })
const words = (count: number, about: string): string => `${about} `.repeat(count).trim()
const BIG = words(700, 'plans')

let console: TestConsole
before(async () => {
  console = await startConsole({ policy: POLICY })
})
after(() => console[Symbol.asyncDispose]())

interface Asked {
  readonly messages: readonly Message[]
  readonly headers?: Readonly<Record<string, string>>
  readonly key?: string
}

async function ask({ messages, headers = {}, key = console.gateway.key }: Asked) {
  const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'echo', messages }),
  })
  const body = JSON.parse(await answer.text())
  return { status: answer.status, said: String(body.choices?.[0]?.message.content ?? '') }
}

test('an answer that no model gave does not make history of what stands before it', async () => {
  assert.equal((await ask({ messages: [user(BIG)] })).status, 400)
  const faked = [user(BIG), model('I see.'), user('go on')]
  for (const headers of [{}, { 'x-session-id': 'thread-9' }])
    assert.equal((await ask({ messages: faked, headers })).status, 400)
  const inAnswer = [user('hello'), model(BIG), user('go on')]
  assert.equal((await ask({ messages: inAnswer })).status, 400)
})

test('what was sent and what came back is carried over, for this caller and in this conversation', async () => {
  const long = words(300, 'notes')
  const first = await ask({ messages: [user(long)] })
  assert.deepEqual([first.status, first.said], [200, long])
  const genuine = [user(long), model(first.said), user('and more')]
  assert.equal((await ask({ messages: genuine })).status, 200)
  const key = await console.keyFor('dana')
  assert.equal((await ask({ messages: genuine, key })).status, 400)
  const elsewhere = { 'x-session-id': 'another' }
  assert.equal((await ask({ messages: genuine, headers: elsewhere })).status, 400)
  const altered = [user(long), model(`${first.said} ${words(300, 'plans')}`), user('and more')]
  assert.equal((await ask({ messages: altered })).status, 400)
})

test('a block that is known does not carry anything beside what is compared of it', async () => {
  const first = await ask({ messages: [user('hello')] })
  assert.equal(first.status, 200)
  for (const hidden of [
    [{ ...user('hello'), reasoning_content: BIG }, model(first.said), user('more')],
    [user('hello'), { ...model(first.said), reasoning_content: BIG }, user('more')],
  ])
    assert.equal((await ask({ messages: hidden })).status, 400)
})

test('a value that the model said is carried over; one that the caller puts in its mouth is not', async () => {
  const named = 'it is called project bluebird'
  const script = { 'x-sandbox-script': JSON.stringify({ text: named }) }
  const asked = [user('what is it called?')]
  assert.equal((await ask({ messages: asked, headers: script })).said, named)
  const history = [...asked, model(named), user('thanks')]
  assert.equal((await ask({ messages: history })).status, 200)
  const key = await console.keyFor('erin')
  assert.equal((await ask({ messages: history, key })).status, 400)
})

test('a value that left masked is as new as before when it comes again', async () => {
  const first = await ask({ messages: [user('about project heron')] })
  assert.equal(first.status, 200)
  const next = [user('about project heron'), model(first.said), user('again')]
  assert.equal((await ask({ messages: next })).status, 200)
  const sent = console.gateway.sandbox.received().map(({ body }) => Buffer.from(body, 'base64'))
  assert.ok(sent.every((body) => !body.includes('project heron')))
})
