/** Compares a masked stream with the provider's own: texts say the same with masks, every other event is the same bytes. */
import assert from 'node:assert/strict'

interface Delta {
  readonly channel: string
  readonly text: string
}

interface Read {
  /** Events that continue no text, as they came. */
  readonly others: readonly string[]
  /** Texts by channel, and how many other events stood before their pieces. */
  readonly channels: ReadonlyMap<string, { text: string; readonly places: Set<number> }>
}

/** `masked` says what becomes of a text. */
export function assertSameEvents(
  shown: string,
  given: string,
  masked: (text: string) => string,
): void {
  const [one, other] = [readEvents(shown), readEvents(given)]
  assert.deepEqual(one.others, other.others.map(masked))
  assert.deepEqual([...one.channels.keys()], [...other.channels.keys()])
  for (const [name, { text, places }] of other.channels) {
    assert.equal(one.channels.get(name)?.text, masked(text), name)
    assert.deepEqual(one.channels.get(name)?.places, places, `${name} stays in its place`)
  }
}

function readEvents(stream: string): Read {
  assert.ok(stream.endsWith('\n\n'), 'the last event is whole')
  const others: string[] = []
  const channels = new Map<string, { text: string; readonly places: Set<number> }>()
  for (const event of stream.slice(0, -2).split('\n\n')) {
    const delta = deltaOf(event)
    if (delta === null) {
      others.push(event)
      continue
    }
    const channel = channels.get(delta.channel) ?? { text: '', places: new Set<number>() }
    channel.text += delta.text
    channel.places.add(others.length)
    channels.set(delta.channel, channel)
  }
  return { others, channels }
}

/** Null where an event continues no text. Throws where its data is no JSON. */
function deltaOf(event: string): Delta | null {
  const data = /^data: (.*)$/m.exec(event)?.[1]
  assert.ok(data !== undefined, event)
  const read = JSON.parse(data)
  assert.equal(/^event: (.*)$/m.exec(event)?.[1], read.type, 'its name is its type')
  if (read.type === 'content_block_delta') {
    const { type, text, partial_json: json, thinking } = read.delta
    const piece = text ?? json ?? thinking
    return piece === undefined ? null : { channel: `${read.index} ${type}`, text: piece }
  }
  if (!String(read.type).endsWith('.delta')) return null
  const { type, item_id: item, content_index: at } = read
  return { channel: `${type} ${item} ${at}`, text: read.delta }
}
