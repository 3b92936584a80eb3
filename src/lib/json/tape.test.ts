import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { scanJson, scanning } from './scan.ts'
import { type JsonTape, NONE, type NodeRef } from './tape.ts'

const limits = { depthMax: 1000, elementsMax: 100_000 }

function tapeOf(text: string | Buffer): JsonTape {
  const scan = scanJson(typeof text === 'string' ? Buffer.from(text) : text, limits)
  assert.ok(scan.kind === 'tape', scan.kind === 'problem' ? scan.problem.message : '')
  return scan.tape
}

function rebuild(tape: JsonTape, node: NodeRef): unknown {
  const kind = tape.kind(node)
  switch (kind) {
    case 'object': {
      const members: [string, unknown][] = []
      for (let child = tape.firstChild(node); child !== NONE; child = tape.next(child)) {
        members.push([tape.keyOf(child) ?? assert.fail(), rebuild(tape, child)])
      }
      return Object.fromEntries(members)
    }
    case 'array':
      return [...tape.children(node)].map((child) => rebuild(tape, child))
    case 'string':
      return tape.text(node)
    case 'number':
      return tape.number(node)
    case 'boolean':
      return tape.boolean(node)
    case 'null':
      return null
    case null:
      break
  }
  return assert.fail('no such node')
}

/** What JSON.parse gives, with every text made well-formed as the tape does. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed(member)]),
  )
}

/**
 * V8 up to 13.6 reads a key that ends in an escape as one that ends in a backslash, once it has seen an object with such
 * a key in the same place: JSON.parse cannot say what is right there. The scanner is asked for them by name above.
 */
const isReadByV8 = (text: string): boolean => !/\\\\"\s*:/.test(text)

function everyNode(tape: JsonTape, visit: (node: NodeRef) => void): void {
  for (let node = 0; node < tape.size; node += 1) visit(node)
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
const spelled = (text: string): fc.Arbitrary<string> =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((escapes) => {
    let out = ''
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i)
      const escape =
        escapes[i] === true ||
        unit < 0x20 ||
        unit === 0x22 ||
        unit === 0x5c ||
        (unit >= 0xd800 && unit < 0xe000)
      out += escape ? `\\u${unit.toString(16).padStart(4, '0')}` : text.charAt(i)
    }
    return `"${out}"`
  })

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom('a', 'b', '', '__proto__', '\ud800'),
)

/** Documents with random white space and escapes. */
const documents: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc
    .tuple(
      space,
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.oneof(
          fc.constantFrom('true', 'false', 'null', '-0', '1E+2', '0.10'),
          fc.integer().map(String),
          fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
          anyText.chain(spelled),
        ),
        fc.array(tie('value'), { maxLength: 6 }).map((items) => `[${items.join(',')}]`),
        fc
          .uniqueArray(fc.tuple(anyText, tie('value')), {
            maxLength: 20,
            selector: ([key]) => key.toWellFormed(),
          })
          .chain((members) =>
            fc.tuple(
              space,
              ...members.map(([key, value]) =>
                fc.tuple(space, spelled(key), space).map((parts) => `${parts.join('')}:${value}`),
              ),
            ),
          )
          .map(([inner, ...members]) => `{${members.length === 0 ? inner : members.join(',')}}`),
      ),
      space,
    )
    .map((parts) => parts.join('')),
})).value

test('navigation answers about a small document', () => {
  const tape = tapeOf(' {"a": [1, "x\\u00e9", true, null], "\\u0062": {}, "\u00e4": false} ')
  const list = tape.member(tape.root, 'a')
  assert.equal(tape.kind(tape.root), 'object')
  assert.deepEqual([tape.start(tape.root), tape.end(tape.root)], [1, tape.bytes.length - 1])
  assert.deepEqual(
    [...tape.children(list)].map((node) => tape.kind(node)),
    ['number', 'string', 'boolean', 'null'],
  )
  assert.deepEqual(
    [...tape.children(list)].map((node) => tape.text(node)),
    [null, 'x\u00e9', null, null],
  )
  assert.deepEqual(
    [...tape.children(list)].map((node) => tape.keyOf(node)),
    [null, null, null, null],
  )
  assert.equal(tape.kind(tape.member(tape.root, 'b')), 'object')
  assert.equal(tape.firstChild(tape.member(tape.root, 'b')), NONE)
  assert.equal(tape.boolean(tape.member(tape.root, '\u00e4')), false)
  assert.equal(tape.member(tape.root, 'c'), NONE)
  assert.equal(tape.member(list, 'a'), NONE)
  assert.equal(tape.next(tape.root), NONE)
})

test('asking about no node gives no answer', () => {
  const tape = tapeOf('{"a":1}')
  assert.equal(tape.kind(NONE), null)
  assert.equal(tape.start(NONE), NONE)
  assert.equal(tape.end(NONE), NONE)
  assert.equal(tape.member(NONE, 'a'), NONE)
  assert.equal(tape.firstChild(NONE), NONE)
  assert.equal(tape.next(NONE), NONE)
  assert.equal(tape.keyOf(NONE), null)
  assert.equal(tape.text(NONE), null)
  assert.equal(tape.number(NONE), null)
  assert.equal(tape.boolean(NONE), null)
  assert.deepEqual([...tape.children(NONE)], [])
})

test('a key that only spells the bytes of a member with its value is not found', () => {
  const tape = tapeOf('{"a":"b","c\\\\":1,"d":2}')
  for (const key of ['a":"b', 'a"', 'c\\\\', 'd":2}', '', 'aa', 'A'])
    assert.equal(tape.member(tape.root, key), NONE, key)
  assert.equal(tape.number(tape.member(tape.root, 'c\\')), 1)
})

test('lone surrogates are read as U+FFFD and pairs as one character', () => {
  const tape = tapeOf('["\\ud800","x\\udc00y","\\ud83d\\ude00","\\ude00\\ud83d"]')
  assert.deepEqual(rebuild(tape, tape.root), ['\ufffd', 'x\ufffdy', '\u{1f600}', '\ufffd\ufffd'])
})

test('a key that ends in an escape is read as it is, whatever was read before', () => {
  for (const [before, text, key] of [
    [String.raw`{"a":1,"\\":2}`, String.raw`{"a":true,"\u0041":1}`, 'A'],
    [String.raw`{"b":1,"x\\":2}`, String.raw`{"b":true,"x\u0041":1}`, 'xA'],
  ] as const) {
    tapeOf(before)
    const tape = tapeOf(text)
    assert.equal(tape.number(tape.member(tape.root, key)), 1)
  }
})

test('a tape stays as it is while other documents are scanned', () => {
  const first = tapeOf('[1,[2,3],{"a":"b"}]')
  for (let i = 0; i < 5; i += 1) tapeOf('{"other":[true,false,null,{"x":[[[[]]]]}]}')
  assert.deepEqual(rebuild(first, first.root), [1, [2, 3], { a: 'b' }])
})

test('a document that is scanned in steps, with others between them, gives the same tape wherever a step ends', () => {
  const step = 64 * 1024
  const limits = { depthMax: 64, elementsMax: 100_000 }
  for (const end of ['\\n', '\\u00e4', 'ä', '\\"', '"', '']) {
    for (let before = step - 8; before <= step + 1; before += 1) {
      const long = `"${'x'.repeat(before)}${end === '"' ? '' : end}${'y'.repeat(2 * step)}"`
      const text = `{"a":${long},"b":[1,${long}]}`
      const scan = scanning(Buffer.from(text), limits)
      let steps = 0
      let done = scan.next()
      for (; done.done !== true; done = scan.next()) {
        steps += 1
        tapeOf('{"other":[true,{"x":[[]]}]}')
      }
      assert.ok(steps >= 4, `${steps} steps`)
      assert.ok(done.value.kind === 'tape')
      const { tape } = done.value
      assert.deepEqual(rebuild(tape, tape.root), JSON.parse(text))
    }
  }
  for (const wrong of ['\u0001', '\\x', '\\u00g0'])
    assert.equal(
      scanJson(Buffer.from(`["${'x'.repeat(step - 1)}${wrong}${'y'.repeat(step)}"]`), limits).kind,
      'problem',
    )
})

test('any JSON value scanned and rebuilt is what JSON.parse gives', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6, stringUnit: 'binary' }).filter(isReadByV8), (text) => {
      const tape = tapeOf(text)
      assert.deepEqual(rebuild(tape, tape.root), wellFormed(JSON.parse(text)))
    }),
    { numRuns: 500 },
  )
})

test('white space and escapes do not change what is rebuilt, and every span parses to the value of its node', () => {
  fc.assert(
    fc.property(documents.filter(isReadByV8), (text) => {
      const tape = tapeOf(text)
      assert.deepEqual(rebuild(tape, tape.root), wellFormed(JSON.parse(text)))
      everyNode(tape, (node) => {
        const slice = tape.bytes.toString('utf8', tape.start(node), tape.end(node))
        assert.deepEqual(wellFormed(JSON.parse(slice)), rebuild(tape, node))
        const key = tape.keyOf(node)
        if (key !== null && node > 0) assert.ok(key.isWellFormed())
      })
    }),
    { numRuns: 500 },
  )
})

test('every member is found by its decoded key', () => {
  fc.assert(
    fc.property(documents, (text) => {
      const tape = tapeOf(text)
      everyNode(tape, (node) => {
        for (const child of tape.children(node)) {
          const key = tape.keyOf(child)
          if (key !== null) assert.equal(tape.member(node, key), child)
        }
      })
    }),
    { numRuns: 200 },
  )
})

test('after any change of bytes only documents that JSON.parse accepts are accepted, and the others are refused for a reason', () => {
  const edits = fc.array(
    fc.record({
      at: fc.nat(),
      byte: fc.oneof(
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom(...Buffer.from('{}[]",:\\ \t\n0eE+-.tfu')),
      ),
      op: fc.constantFrom('set', 'insert', 'remove'),
    }),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(documents, edits, (text, changes) => {
      const bytes = [...Buffer.from(text)]
      for (const { at, byte, op } of changes) {
        const place = at % (bytes.length + 1)
        if (op === 'insert') bytes.splice(place, 0, byte)
        else if (op === 'remove') bytes.splice(place, 1)
        else bytes[place] = byte
      }
      const body = Buffer.from(bytes)
      const scan = scanJson(body, limits)
      let parsed: { readonly value: unknown } | null = null
      try {
        parsed = { value: JSON.parse(body.toString('utf8')) }
      } catch {
        parsed = null
      }
      if (scan.kind === 'tape') {
        assert.ok(parsed !== null)
        if (!isReadByV8(body.toString('utf8'))) return
        assert.deepEqual(rebuild(scan.tape, scan.tape.root), wellFormed(parsed.value))
      } else if (parsed !== null) {
        assert.ok(['duplicate-key', 'not-utf8'].includes(scan.problem.code), scan.problem.message)
      }
    }),
    { numRuns: 2000 },
  )
})
