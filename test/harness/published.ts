/** Remembers every checkpoint that a log showed: a second text for one size is a fork. */
import assert from 'node:assert/strict'

export class Published {
  readonly bySize = new Map<number, string>()
  readonly notes: Buffer[] = []

  readonly add = (_head: unknown, note: Buffer): void => {
    const text = note.toString().slice(0, note.indexOf('\n\n'))
    const size = Number(text.split('\n')[1])
    assert.equal(this.bySize.get(size) ?? text, text, `two checkpoints of size ${size}`)
    this.bySize.set(size, text)
    this.notes.push(note)
  }
}
