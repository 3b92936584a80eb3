import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConversationMemory } from './memory.ts'

const sending = (n: number, blocks: readonly string[]) => ({
  conversation: `cv_${n}`,
  values: [`value-${n}`],
  masked: [],
  blocks: blocks.map((digest) => [digest, 10] as const),
})

test('the turns of a conversation share what it sent and was answered', () => {
  const memory = createConversationMemory()
  memory.sent('turn 1', null, sending(1, ['a']))
  memory.answered('turn 1', 'answer')
  memory.sent('turn 2', memory.find(['turn 1']), sending(1, ['b']))
  for (const name of ['turn 1', 'turn 2']) {
    const thread = memory.find([name])
    assert.deepEqual([...(thread?.blocks.keys() ?? [])], ['a', 'b'])
    assert.ok(thread?.answers.has('answer'))
  }
  assert.equal(memory.find(['turn 3']), null)
})

test('the oldest conversations are forgotten when there are too many, or too much of them', () => {
  const few = createConversationMemory(2)
  for (const n of [1, 2, 3]) few.sent(`turn ${n}`, null, sending(n, []))
  assert.equal(few.find(['turn 1']), null)
  assert.equal(few.find(['turn 3'])?.conversation, 'cv_3')
  const short = createConversationMemory(100, 3)
  short.sent('one', null, sending(1, ['a', 'b']))
  short.sent('two', null, sending(2, ['c', 'd']))
  assert.equal(short.find(['one']), null)
  assert.ok(short.find(['two']) !== null)
})

test('a value that left as it is stays known, also when it is masked later; one that left masked does not count', () => {
  const memory = createConversationMemory()
  memory.sent('one', null, { ...sending(1, []), values: ['raw'], masked: ['hidden'] })
  memory.sent('two', memory.find(['one']), { ...sending(1, []), values: [], masked: ['raw'] })
  const thread = memory.find(['two'])
  assert.deepEqual(
    [[...(thread?.values ?? [])], [...(thread?.masked ?? [])]],
    [['raw'], ['hidden']],
  )
})
