import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stopSignal } from './stop-signal.ts'

test('a Ctrl-C that comes from the terminal and from the starting process is one wish: it aborts, and ends nothing at once', () => {
  const before = process.listeners('SIGINT')
  {
    using stop = stopSignal()
    assert.equal(stop.signal.aborted, false)
  }
  assert.deepEqual(process.listeners('SIGINT'), before)
  {
    using stop = stopSignal()
    process.emit('SIGINT', 'SIGINT')
    assert.equal(stop.signal.aborted, true)
    process.emit('SIGINT', 'SIGINT')
  }
  // Who still listens has not given the process back to its end, also when the command is over.
  const added = process.listeners('SIGINT').filter((listener) => !before.includes(listener))
  assert.equal(added.length, 1)
  for (const listener of added)
    for (const name of ['SIGINT', 'SIGTERM']) process.off(name, listener)
})
