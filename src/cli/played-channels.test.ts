import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplayPart } from '../incident/replay-steps.ts'
import { PlayedChannels } from './played-channels.ts'

const part = (text: string, restart = false): ReplayPart => ({
  channel: 'text',
  number: 0,
  name: '',
  text,
  restart,
})

function play(steps: readonly (readonly ReplayPart[])[]): string[] {
  const channels = new PlayedChannels()
  return steps.map((parts, at) =>
    channels
      .next(parts, at === steps.length - 1)
      .map(({ text }) => text)
      .join(''),
  )
}

test('what only grows is given as it comes', () => {
  assert.deepEqual(play([[part('a')], [], [part('b')]]), ['a', '', 'b'])
})

test('a text that started again is given once more, whole, at the end, and in no step before', () => {
  const steps = [[part('a1')], [part('\n\nb1')], [part('a1a2\n\nb1', true)], [part('b2')]]
  assert.deepEqual(play(steps), ['a1', '\n\nb1', '', '\na1a2\n\nb1b2'])
  assert.deepEqual(play([...steps, []]), ['a1', '\n\nb1', '', '', '\na1a2\n\nb1b2'])
  assert.deepEqual(play([[part('a')], [part('b', true)]]), ['a', '\nb'])
})
