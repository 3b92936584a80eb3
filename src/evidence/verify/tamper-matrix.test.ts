import assert from 'node:assert/strict'
import { copyFile, cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { crc32 } from 'node:zlib'
import {
  openTestEvidence,
  temporaryFolder,
  type TemporaryFolder,
} from '../../../test/harness/evidence.ts'
import { logKeysOf, readLeaves } from '../../../test/harness/leaf-coverage.ts'
import {
  erasure,
  exchange,
  flip,
  framesOf,
  refsWithin,
  shifted,
  Tampered,
  verify,
  type FoundFrame,
} from '../../../test/harness/tampering.ts'
import { sealCheckpoint } from '../log/checkpoint.ts'
import { EMPTY_DRAFT, type Leaf, type LeafDraft } from '../log/leaf.ts'
import { leafHash } from '../log/merkle.ts'
import { noteSigner } from '../log/note-key.ts'
import { signText, formatNote, parseNote } from '../log/note.ts'
import type { Policy } from '../log/policy.ts'
import { blankFrame } from '../segment-format.ts'
import { WITNESSED } from '../record-proof.ts'

let base: TemporaryFolder
let original = ''
let known: Buffer
let last: Buffer
let frames: readonly FoundFrame[]
let leaves: readonly Leaf[]
/** An exchange with blocks and streams of its own, in the middle. */
let victim = ''
let erased = ''
let copies = 0
const beforeErasure: [FoundFrame['address'], Buffer][] = []

const witness = noteSigner('soc.example/w', 'cosignature', Buffer.alloc(32, 9))!

before(async () => {
  base = await temporaryFolder()
  original = join(base.path, 'original')
  {
    // Small segments, so that there are several.
    const limits = { segmentBytesMax: 16_000, extentBytes: 16_384 }
    await using opened = await openTestEvidence(original, { limits })
    for (let n = 0; n < 6; n += 1) await exchange(opened, n)
    await opened.evidence.log.flush()
    known = opened.evidence.log.writer.checkpoint
    victim = await exchange(opened, 6)
    erased = await exchange(opened, 7)
    for (let n = 8; n < 14; n += 1) await exchange(opened, n)
    await opened.evidence.recorder.note(erasure(erased))
    for (let n = 14; n < 18; n += 1) await exchange(opened, n)
  }
  {
    await using opened = await openTestEvidence(original)
    for (let n = 20; n < 24; n += 1) await exchange(opened, n)
    await opened.evidence.log.flush()
    last = opened.evidence.log.writer.checkpoint
  }
  const folder = new Tampered(original)
  const doomed = (await framesOf(original)).filter(({ head }) => head.record === erased)
  for (const { address } of doomed)
    beforeErasure.push([address, await readFile(folder.segment(address))])
  for (const frame of doomed)
    await folder.frame(frame, (bytes) => blankFrame(bytes).copy(bytes), false)
  frames = await framesOf(original)
  leaves = await readLeaves(original)
})
after(() => base[Symbol.asyncDispose]())

const of = (record: string, type: string): FoundFrame =>
  frames.find(({ head }) => head.record === record && head.type === type)!

const erasedFrame = (type: string): FoundFrame => of(erased, type)

interface Kind {
  readonly name: string
  readonly tamper: (folder: Tampered) => Promise<void>
  /** Problem that must be reported. */
  readonly problem: string
  readonly missing?: number
  readonly missingMax?: number
  readonly altered?: number
  readonly options?: () => Promise<Parameters<typeof verify>[1]>
}

const HOLD = `ho_${'0'.repeat(26)}`
const timed = (draft: LeafDraft): LeafDraft & { timeS: number } => ({
  ...draft,
  timeS: Math.floor(Date.now() / 1000),
})
const heartbeat = timed({ ...EMPTY_DRAFT, kind: 'heartbeat' })
const withKnown = async () => ({ known: [known, last] })
const policyOf = async (quorum: boolean): Promise<{ policy: Policy }> => {
  const [key] = await logKeysOf(original)
  const member = { kind: 'witness', name: 'soc', key: witness.key, url: null } as const
  return {
    policy: {
      logs: [{ key: key!, url: null }],
      witnesses: [member],
      quorum: quorum ? member : null,
    },
  }
}
/** Seconds of the last checkpoint's cosignature. */
async function cosign(folder: string, timeS: number, note = last): Promise<void> {
  const reading = parseNote(note)
  assert.ok(reading.kind === 'ok')
  const { text, signatures } = reading.note
  const signed = formatNote({ text, signatures: [...signatures, signText(text, witness, timeS)] })
  await writeFile(join(folder, 'log', WITNESSED), signed)
}

const CONTENT: readonly Kind[] = [
  ...(
    [
      ['the length', 1],
      ['the type', 4],
      ['the class', 6],
      ['the ordinal', 8],
      ['the plain length', 12],
      ['the record id', 20],
      ['the header checksum', 80],
      ['the wrapped key', 90],
      ['the ciphertext', 200],
      ['the tag', -8],
      ['the body checksum', -2],
    ] as const
  ).map(([what, at]) => ({
    name: `a bit of ${what} of an opening flipped`,
    tamper: (folder: Tampered) => folder.frame(of(victim, 'opening'), flip(at), false),
    problem: 'frame-altered',
    altered: 1,
  })),
  {
    name: 'a bit of the ciphertext flipped and the checksums made to fit',
    tamper: (folder) => folder.frame(of(victim, 'closing'), flip(200)),
    problem: 'frame-altered',
    altered: 1,
  },
  {
    name: 'a bit of a block flipped',
    tamper: (folder) => folder.frame(of(victim, 'block'), flip(130)),
    problem: 'parts-altered',
    altered: 1,
  },
  {
    name: 'a bit of a block flipped without new checksums',
    tamper: (folder) => folder.frame(of(victim, 'block'), flip(130), false),
    problem: 'parts-altered',
    altered: 1,
  },
  {
    name: 'a bit of an answer flipped',
    tamper: (folder) => folder.frame(of(victim, 'answer'), flip(-30)),
    problem: 'parts-altered',
    altered: 1,
  },
  {
    name: 'a bit of an event flipped',
    tamper: (folder) =>
      folder.frame(
        frames.find(({ head }) => head.type === 'event')!,
        flip(150),
      ),
    problem: 'frame-altered',
    altered: 1,
  },
  {
    name: 'a record blanked to zeros',
    tamper: (folder) => folder.frame(of(victim, 'closing'), (bytes) => bytes.fill(0), false),
    problem: 'frame-missing',
    missing: 1,
  },
  {
    name: 'a frame cut out and the rest moved up',
    tamper: async (folder) => {
      const { address, head } = of(victim, 'answer')
      await folder.change(folder.segment(address), (bytes) =>
        Buffer.concat([
          bytes.subarray(0, address.offset),
          bytes.subarray(address.offset + head.length),
        ]),
      )
    },
    problem: 'frame-without-leaf',
  },
  {
    name: 'a frame written twice',
    tamper: async (folder) => {
      const { address, bytes: frame } = of(victim, 'answer')
      await folder.change(folder.segment(address), (bytes) =>
        Buffer.concat([bytes.subarray(0, address.offset), frame, bytes.subarray(address.offset)]),
      )
    },
    problem: 'frame-missing',
  },
  {
    name: 'the openings of two exchanges swapped',
    tamper: async (folder) => {
      const [a, b] = twins('opening')
      await folder.frame(a, (bytes) => b.bytes.copy(bytes), false)
      await folder.frame(b, (bytes) => a.bytes.copy(bytes), false)
    },
    problem: 'frame-swapped',
    altered: 2,
  },
  {
    name: 'the blocks of two exchanges swapped',
    tamper: async (folder) => {
      const [a, b] = twins('block')
      await folder.frame(a, (bytes) => b.bytes.copy(bytes), false)
      await folder.frame(b, (bytes) => a.bytes.copy(bytes), false)
    },
    problem: 'parts-altered',
    altered: 2,
  },
  {
    name: 'the frames of one exchange in another order',
    tamper: async (folder) => {
      const [a, b] = frames.filter(({ head }) => head.record === victim && head.type === 'answer')
      const { address, bytes: first } = a!
      assert.equal(address.offset + first.length, b!.address.offset)
      await folder.change(folder.segment(address), (bytes) => {
        b!.bytes.copy(bytes, address.offset)
        first.copy(bytes, address.offset + b!.head.length)
      })
    },
    problem: 'parts-altered',
    altered: 1,
  },
  {
    name: 'the end of the newest segment cut off',
    tamper: async (folder) => {
      const { address } = frames.findLast(({ head }) => head.type === 'closing')!
      await folder.change(folder.segment(address), (bytes) => bytes.subarray(0, address.offset))
    },
    problem: 'frame-missing',
    missing: 2,
  },
  {
    name: 'the end of an older segment cut off',
    tamper: async (folder) => {
      await folder.change(folder.segment(frames[0]!.address), (bytes) => bytes.subarray(0, -200))
    },
    problem: 'frame-missing',
  },
  {
    name: 'a whole segment removed',
    tamper: (folder) => rm(folder.segment(of(victim, 'closing').address)),
    problem: 'frame-missing',
    // What stands in the other segments of the same run is not drawn into it.
    missingMax: 8,
  },
  {
    name: 'a whole run removed',
    tamper: (folder) =>
      rm(join(folder.folder, 'segments', frames[0]!.address.instance), { recursive: true }),
    problem: 'frame-missing',
  },
  {
    name: "two segments with each other's names",
    tamper: async (folder) => {
      const one = folder.segment(frames[0]!.address)
      const two = folder.segment({ ...frames[0]!.address, segment: 2 })
      await rename(one, `${one}.x`)
      await rename(two, one)
      await rename(`${one}.x`, two)
    },
    problem: 'frame-altered',
  },
  {
    name: 'a segment header written anew with checksums that fit',
    tamper: (folder) =>
      folder.change(folder.segment(of(victim, 'closing').address), (bytes) => {
        const length = bytes.readUInt32LE(12)
        bytes[22]! ^= 0x10
        bytes.writeUInt32LE(crc32(bytes.subarray(0, length - 4)), length - 4)
      }),
    problem: 'header-altered',
    altered: 0,
    missing: 0,
  },
  {
    name: 'the wrapped epoch key in a header replaced with checksums that fit',
    tamper: (folder) =>
      folder.change(folder.segment(of(victim, 'closing').address), (bytes) => {
        const length = bytes.readUInt32LE(12)
        bytes[length - 20]! ^= 1
        bytes.writeUInt32LE(crc32(bytes.subarray(0, length - 4)), length - 4)
      }),
    problem: 'header-altered',
    altered: 0,
    missing: 0,
  },
  {
    name: 'a file of wrapped keys put beside a segment',
    tamper: (folder) =>
      writeFile(folder.segment(frames[0]!.address).replace('.seg', '.keys'), '{"version":1}'),
    problem: 'keys-file-without-leaf',
  },
  {
    name: 'a bit of a segment header flipped',
    tamper: (folder) => folder.change(folder.segment(of(victim, 'closing').address), flip(22)),
    problem: 'frame-altered',
  },
  {
    name: 'a frame of an unknown type',
    tamper: (folder) =>
      folder.frame(of(victim, 'closing'), (bytes) => {
        bytes[4] = 77
      }),
    problem: 'frame-altered',
  },
  {
    name: 'a frame put behind the end of a stopped gateway',
    tamper: async (folder) => {
      const { instance } = frames.at(-1)!.address
      const path = folder.segment({ instance, segment: frames.at(-1)!.address.segment, offset: 0 })
      await folder.change(path, (bytes) => Buffer.concat([bytes, of(victim, 'closing').bytes]))
    },
    problem: 'frame-without-leaf',
  },
  {
    name: 'a record erased without a leaf',
    tamper: async (folder) => {
      for (const frame of frames.filter(({ head }) => head.record === victim))
        await folder.frame(frame, (bytes) => blankFrame(bytes).copy(bytes), false)
    },
    problem: 'erased-without-leaf',
    missing: 1,
  },
  {
    name: 'a record erased with another digest left behind',
    tamper: (folder) =>
      folder.frame(
        frames.find(({ head }) => head.record === erased && head.type === 'opening')!,
        flip(90),
        false,
      ),
    problem: 'frame-altered',
    altered: 1,
  },
  {
    name: 'something written where a record was erased',
    tamper: (folder) => folder.frame(erasedFrame('opening'), flip(200), false),
    problem: 'erased-not-blank',
    altered: 0,
  },
  {
    name: 'something hidden where a block was erased',
    tamper: (folder) => folder.frame(erasedFrame('block'), flip(-1), false),
    problem: 'erased-not-blank',
    altered: 0,
  },
  {
    name: 'an erased frame under the id of another record',
    tamper: (folder) =>
      folder.frame(erasedFrame('opening'), (bytes) => void bytes.write(victim, 16, 'latin1')),
    problem: 'frame-swapped',
    altered: 1,
  },
  {
    name: 'a segment put back from before an erasure',
    tamper: async (folder) => {
      for (const [address, bytes] of beforeErasure) await writeFile(folder.segment(address), bytes)
    },
    problem: 'not-erased',
  },
  {
    name: 'an answer put at the end of an older run',
    tamper: async (folder) => {
      const [{ instance }] = [frames[0]!.address]
      const { address, head } = frames.findLast((frame) => frame.address.instance === instance)!
      const end = address.offset + head.length
      await folder.change(folder.segment(address), (bytes) =>
        Buffer.concat([bytes.subarray(0, end), of(victim, 'answer').bytes]),
      )
    },
    problem: 'frame-without-leaf',
  },
  {
    name: 'the run of another gateway put beside these',
    tamper: async (folder) => {
      const other = join(base.path, `beside-${copies}`)
      await using opened = await openTestEvidence(other)
      await exchange(opened, 1)
      await opened.evidence.flush()
      await cp(join(other, 'segments'), join(folder.folder, 'segments'), { recursive: true })
      // Two minutes later this gateway has still nothing to say of it.
      const timeS = Math.floor(Date.now() / 1000) + 120
      await folder.rewriteLog((all) => [...all, { ...heartbeat, timeS }])
    },
    problem: 'frame-without-leaf',
  },
  {
    name: 'a run under the name of another',
    tamper: async (folder) => {
      const { instance } = frames[0]!.address
      const path = join(folder.folder, 'segments', instance)
      await rename(path, `${path.slice(0, -1)}${path.endsWith('0') ? '1' : '0'}`)
    },
    problem: 'frame-missing',
  },
  {
    name: 'the wrapped keys of two segments swapped with checksums that fit',
    tamper: async (folder) => {
      const place = of(victim, 'closing').address
      const other = folder.segment({ ...place, segment: place.segment + 1 })
      const keysOf = (bytes: Buffer) =>
        bytes.subarray(73 + bytes.readUInt16LE(71), bytes.readUInt32LE(12) - 4)
      const keys = keysOf(await readFile(other))
      await folder.change(folder.segment(place), (bytes) => {
        const length = bytes.readUInt32LE(12)
        assert.equal(keys.copy(keysOf(bytes)), keysOf(bytes).length)
        bytes.writeUInt32LE(crc32(bytes.subarray(0, length - 4)), length - 4)
      })
    },
    problem: 'header-altered',
    altered: 0,
    missing: 0,
  },
  {
    name: 'an erasure that the log holds and nobody carried out',
    tamper: (folder) =>
      folder.rewriteLog((all) =>
        all.map((leaf) =>
          leaf.kind === 'record.erased' ? { ...leaf, records: [erased, victim] } : leaf,
        ),
      ),
    problem: 'not-erased',
  },
]

/** Two frames of one type and length in different exchanges, in the middle of the first run. */
function twins(type: string): readonly [FoundFrame, FoundFrame] {
  const same = frames.filter(({ head }) => head.type === type && !head.erased)
  for (const a of same)
    for (const b of same)
      if (a.head.record < b.head.record && a.head.length === b.head.length) return [a, b]
  throw new Error('no two frames have one length')
}

const LOG: readonly Kind[] = [
  {
    name: 'the log removed',
    tamper: (folder) => rm(join(folder.folder, 'log'), { recursive: true }),
    problem: 'log-missing',
  },
  {
    name: 'the checkpoint removed',
    tamper: (folder) => rm(join(folder.folder, 'log', 'checkpoint')),
    problem: 'checkpoint-missing',
  },
  {
    name: "a bit of the checkpoint's signature flipped",
    tamper: (folder) => folder.log('checkpoint', flip(-10)),
    problem: 'checkpoint-refused',
  },
  {
    name: 'a checkpoint signed by a stranger under the name of the log',
    tamper: async (folder) => {
      const [key] = await logKeysOf(original)
      const thief = noteSigner(key!.name, 'note', Buffer.alloc(32, 66))!
      const forged = sealCheckpoint({ size: leaves.length, root: Buffer.alloc(32) }, thief)
      await writeFile(join(folder.folder, 'log', 'checkpoint'), forged)
    },
    problem: 'checkpoint-refused',
  },
  {
    name: 'an oversize note',
    tamper: (folder) =>
      folder.log('checkpoint', (bytes) => Buffer.concat([bytes, Buffer.alloc(140_000, 65)])),
    problem: 'checkpoint-refused',
  },
  {
    name: 'an entry changed',
    tamper: (folder) =>
      folder.log(bundlePath(), (bytes) => {
        const at = bytes.indexOf('exchange.closed')
        bytes.write('exchange.opened', at)
      }),
    problem: 'entry-altered',
  },
  {
    name: 'an entry and its hash changed together',
    tamper: async (folder) => {
      const [path, index] = [bundlePath(), leaves.length - 1]
      await folder.log(path, (bytes) => {
        bytes.write('9', bytes.lastIndexOf('"at":') + 5)
      })
      const entry = await readFile(join(folder.folder, 'log', path))
      const last = leafHash(entry.subarray(entry.lastIndexOf('{"at":')))
      await folder.log(path.replace('entries', '0'), (bytes) => void last.copy(bytes, index * 32))
    },
    problem: 'root-differs',
  },
  {
    name: 'a hash of a tile changed',
    tamper: (folder) => folder.log(bundlePath().replace('entries', '0'), flip(70)),
    problem: 'hash-altered',
  },
  {
    name: 'the entries removed',
    tamper: (folder) => rm(join(folder.folder, 'log', bundlePath())),
    problem: 'bundle-missing',
  },
  {
    name: 'the hash tile removed',
    tamper: (folder) => rm(join(folder.folder, 'log', bundlePath().replace('entries', '0'))),
    problem: 'tile-missing',
  },
  {
    name: 'the log of an older day put back',
    tamper: (folder) => folder.rewriteLog((all) => all.slice(0, 20)),
    problem: 'truncated',
    options: withKnown,
  },
  {
    name: 'an older checkpoint put back',
    tamper: (folder) => writeFile(join(folder.folder, 'log', 'checkpoint'), known),
    problem: 'truncated',
    options: withKnown,
  },
  {
    name: 'the log written anew by its own key with another past',
    tamper: (folder) =>
      folder.rewriteLog((all) => all.map((leaf) => ({ ...leaf, timeS: leaf.timeS + 1 }))),
    problem: 'forked',
    options: withKnown,
  },
  {
    name: "a leaf left out by the log's own key",
    tamper: (folder) =>
      folder.rewriteLog((all) =>
        all
          .filter(({ record, kind }) => !(record === victim && kind === 'exchange.closed'))
          .map(shifted(victimClosing())),
      ),
    problem: 'frame-without-leaf',
  },
  {
    name: "a leaf written twice by the log's own key",
    tamper: (folder) => folder.rewriteLog((all) => [...all, all[1]!]),
    problem: 'leaf-out-of-order',
  },
  {
    name: 'leaves in another order',
    tamper: (folder) =>
      folder.rewriteLog((all) =>
        [all[0]!, all[1]!, all[3]!, all[2]!, ...all.slice(4)].map(refsWithin),
      ),
    problem: 'close-unmatched',
  },
  {
    name: 'a leaf of an unknown kind',
    tamper: (folder) =>
      folder.rewriteLog(
        (all) => [...all, heartbeat],
        (entries) => [
          ...entries.slice(0, -1),
          Buffer.from(entries.at(-1)!.toString().replace('heartbeat', 'heartbrake')),
        ],
      ),
    problem: 'leaf-refused',
  },
  {
    name: 'a leaf with a wrong sequence number',
    tamper: (folder) =>
      folder.rewriteLog(
        (all) => [...all, heartbeat],
        (entries) => [
          ...entries.slice(0, -1),
          Buffer.from(
            entries
              .at(-1)!
              .toString()
              .replace(/"seq":\d+/, '"seq":7'),
          ),
        ],
      ),
    problem: 'sequence-wrong',
  },
  {
    name: "a leaf under a key that is not the log's",
    tamper: (folder) =>
      folder.rewriteLog(
        (all) => [...all, heartbeat],
        (entries) => [
          ...entries.slice(0, -1),
          Buffer.from(
            entries
              .at(-1)!
              .toString()
              .replace(/"key":"[0-9a-f]+"/, '"key":"00000000"'),
          ),
        ],
      ),
    problem: 'log-key-unknown',
  },
  {
    name: 'the newest leaf from tomorrow',
    tamper: (folder) =>
      folder.rewriteLog((all) => [...all, { ...heartbeat, timeS: heartbeat.timeS + 86_400 }]),
    problem: 'clock-ahead',
  },
  {
    name: 'a checkpoint of more leaves than there are, by the key of the log',
    tamper: async () => {},
    problem: 'truncated',
    options: async () => {
      const folder = await Tampered.copy(original, join(base.path, `future-${copies}`))
      await folder.rewriteLog((all) => [...all, heartbeat])
      return { known: [await readFile(join(folder.folder, 'log', 'checkpoint'))] }
    },
  },
  {
    name: 'the clock set back',
    tamper: (folder) =>
      folder.rewriteLog((all) => [...all, { ...heartbeat, timeS: all.at(-1)!.timeS - 3600 }]),
    problem: 'clock-went-back',
  },
  {
    name: 'hours without a heartbeat',
    tamper: (folder) =>
      folder.rewriteLog((all) => [
        ...all,
        heartbeat,
        { ...heartbeat, timeS: heartbeat.timeS + 7200 },
      ]),
    problem: 'silence',
  },
  {
    name: 'an exchange that never ends though the gateway was started again',
    tamper: (folder) =>
      folder.rewriteLog((all) =>
        all
          .filter(({ record, kind }) => !(record === victim && kind === 'exchange.closed'))
          .map(shifted(victimClosing())),
      ),
    problem: 'left-open',
  },
  ...(['hold.set', 'hold.extended'] as const).map((kind) => ({
    name: `an erasure under a hold (${kind})`,
    tamper: (folder: Tampered) =>
      folder.rewriteLog((all) => {
        const started = all[1]!
        const hold: LeafDraft = { ...started, kind, records: [HOLD, erased] }
        return [all[0]!, { ...hold, timeS: started.timeS }, ...all.slice(2)]
      }),
    problem: 'erased-under-hold',
  })),
  {
    name: 'another log put in place of this one, for a verifier with a policy',
    tamper: async (folder) => {
      await using other = await openTestEvidence(join(base.path, 'other'))
      await exchange(other, 1)
      await other.evidence.log.flush()
      await rm(join(folder.folder, 'log'), { recursive: true })
      await cp(join(base.path, 'other', 'log'), join(folder.folder, 'log'), { recursive: true })
    },
    problem: 'log-not-trusted',
    options: () => policyOf(false),
  },
  {
    name: 'no witness signed, and the policy asks for one',
    tamper: async () => {},
    problem: 'witnesses-missing',
    options: () => policyOf(true),
  },
  {
    name: 'a witness that signed in the future',
    tamper: (folder) => cosign(folder.folder, Math.floor(Date.now() / 1000) + 86_400),
    problem: 'witnesses-missing',
    options: () => policyOf(true),
  },
  {
    name: "a witness's signature with a bit flipped",
    tamper: async (folder) => {
      await cosign(folder.folder, 1_700_000_000)
      await folder.log(WITNESSED, flip(-10))
    },
    problem: 'witnesses-missing',
    options: () => policyOf(true),
  },
  {
    name: "a trusted witness's signature on the log of another gateway",
    tamper: async (folder) => {
      await using other = await openTestEvidence(join(base.path, `origin-${copies}`))
      await exchange(other, 1)
      await other.evidence.log.flush()
      await cosign(folder.folder, 1_700_000_000, other.evidence.log.writer.checkpoint)
    },
    problem: 'witnesses-missing',
    options: () => policyOf(true),
  },
  {
    name: 'a log that does not continue what witnesses signed',
    tamper: async (folder) => {
      await cosign(folder.folder, 1_700_000_000)
      await folder.rewriteLog((all) => all.map((leaf) => ({ ...leaf, timeS: leaf.timeS + 1 })))
    },
    problem: 'forked',
    options: () => policyOf(true),
  },
  {
    name: 'the keys of another folder put in place',
    tamper: async (folder) => {
      const other = join(base.path, 'elsewhere')
      await using opened = await openTestEvidence(other)
      await exchange(opened, 1)
      await copyFile(
        join(other, 'keys', 'log-key.json'),
        join(folder.folder, 'keys', 'log-key.json'),
      )
    },
    problem: 'checkpoint-refused',
  },
]

const victimClosing = (): number =>
  leaves.findIndex(({ record, kind }) => record === victim && kind === 'exchange.closed')
const bundlePath = (): string => `tile/entries/000.p/${leaves.length}`

test('what nobody touched is verified, with the erased record as recorded, also by its plain payloads', async () => {
  const exchanges = leaves.filter(({ kind }) => kind === 'exchange.closed').length
  const others = leaves.filter(({ record }) => record?.startsWith('ev_')).length
  for (const open of [false, true]) {
    const report = await verify(original, { known: [known, last], open })
    assert.deepEqual(report.problems, [])
    const verified = exchanges + others - 1
    assert.deepEqual(report.records, { verified, erased: 1, missing: 0, altered: 0 })
    assert.equal(report.unclosed, 0)
    assert.equal(report.holds, true)
  }
  await cosign(original, Math.floor(Date.now() / 1000))
  const trusted = await verify(original, await policyOf(true))
  assert.deepEqual(trusted.problems, [])
  assert.deepEqual(
    trusted.witnesses.map(({ name }) => name),
    ['soc'],
  )
  await rm(join(original, 'log', WITNESSED))
})

test('each kind of tampering is found and named', async (t) => {
  assert.ok(CONTENT.length + LOG.length >= 75, String(CONTENT.length + LOG.length))
  for (const kind of [...CONTENT, ...LOG])
    await t.test(kind.name, async () => {
      copies += 1
      const folder = await Tampered.copy(original, join(base.path, `copy-${copies}`))
      await kind.tamper(folder)
      const report = await verify(folder.folder, (await kind.options?.()) ?? {})
      const named = new Set(report.problems.map((problem) => problem.kind as string))
      assert.ok(named.has(kind.problem), `named ${[...named].join(', ')}`)
      assert.equal(report.holds, false)
      if (kind.altered !== undefined) assert.equal(report.records.altered, kind.altered)
      if (kind.missing !== undefined) assert.equal(report.records.missing, kind.missing)
      if (kind.missingMax !== undefined) assert.ok(report.records.missing <= kind.missingMax)
      await rm(folder.folder, { recursive: true })
    })
})

test("whoever has the log's key and the frames cannot change a payload that was committed to", async () => {
  // A frame sealed anew under the same keys, with a leaf that has its digest and the old commitment.
  const folder = await Tampered.copy(original, join(base.path, 'resealed'))
  const target = of(victim, 'closing')
  await folder.rewriteLog((all) =>
    all.map((leaf) =>
      leaf.record === victim && leaf.kind === 'exchange.closed'
        ? { ...leaf, plaintextCommitment: 'd'.repeat(64) }
        : leaf,
    ),
  )
  assert.equal((await verify(folder.folder)).holds, true)
  const report = await verify(folder.folder, { open: true })
  assert.deepEqual(
    report.problems.map(({ kind }) => kind),
    ['plaintext-differs'],
  )
  assert.equal(report.records.altered, 1)
  assert.equal(report.records.verified, (await verify(original)).records.verified - 1)
  assert.ok(target.head.record === victim)
  assert.ok((await readFile(join(folder.folder, 'log', 'checkpoint'))).length > 0)
})
