/** The core of a C2SP witness: cosigns a checkpoint only when it continues the last one of its log. Knows no HTTP. */
import { hash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import { isMissing } from '../../lib/error-code.ts'
import type { Disk } from '../disk.ts'
import { writeOnce } from '../key-provider.ts'
import { openCheckpoint, parseCheckpointText, peekCheckpoint } from './checkpoint.ts'
import { EMPTY_ROOT } from './merkle.ts'
import { verifyConsistency, type TreeHead } from './merkle-proof.ts'
import type { NoteKey, NoteSigner } from './note-key.ts'
import { formatSignatureLine, parseNote, signText } from './note.ts'
import { parseWitnessMessage, SIZE_MEDIA_TYPE } from './witness-message.ts'

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly mediaType: string
  readonly body: string
}

export interface WitnessState {
  /** The last checkpoint cosigned for `origin`; null when there is none. */
  readonly load: (origin: string) => Promise<TreeHead | null>
  /** Resolves when durable. */
  readonly save: (origin: string, head: TreeHead) => Promise<void>
}

export interface WitnessOptions {
  readonly signer: NoteSigner
  /** Keys of the logs that it watches; their names are the origins. */
  readonly logs: readonly NoteKey[]
  readonly state: WitnessState
  readonly clock: Clock
}

const answer = (status: WitnessAnswer['status'], body = ''): WitnessAnswer => ({
  status,
  mediaType: 'text/plain; charset=utf-8',
  body,
})

const conflict = (size: number): WitnessAnswer => ({
  status: 409,
  mediaType: SIZE_MEDIA_TYPE,
  body: `${size}\n`,
})

export class Witness {
  readonly #options: WitnessOptions
  /** One request per origin at a time: reading the last size and replacing it must not be cut in two. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: WitnessOptions) {
    if (options.signer.key.type !== 'cosignature')
      throw new TypeError('a witness signs with a cosignature key')
    this.#options = options
  }

  /** Answers a POST of `add-checkpoint`. Rejects only when the state cannot be read or saved: then nothing was signed. */
  async addCheckpoint(body: Buffer): Promise<WitnessAnswer> {
    const message = parseWitnessMessage(body)
    const claimed = message === null ? null : peekCheckpoint(message.checkpoint)
    if (message === null || claimed === null) return answer(400)
    const keys = this.#options.logs.filter((key) => key.name === claimed.origin)
    if (keys.length === 0) return answer(404)
    const opened = openCheckpoint(message.checkpoint, keys)
    if (opened.kind === 'refused') return answer(403)
    if (message.oldSize > claimed.size) return answer(400)
    if (claimed.size === 0 && !claimed.root.equals(EMPTY_ROOT)) return answer(422)
    return this.#inTurn(claimed.origin, () => this.#judge(claimed.origin, message))
  }

  async #judge(
    origin: string,
    { oldSize, proof, checkpoint }: NonNullable<ReturnType<typeof parseWitnessMessage>>,
  ): Promise<WitnessAnswer> {
    const reading = parseNote(checkpoint)
    const head = reading.kind === 'ok' ? parseCheckpointText(reading.note.text) : null
    if (reading.kind === 'refused' || head === null) return answer(400)
    const last = await this.#options.state.load(origin)
    if (oldSize !== (last?.size ?? 0)) return conflict(last?.size ?? 0)
    if (last !== null && head.size === last.size && !head.root.equals(last.root))
      return conflict(last.size)
    // From size 0 there is nothing to prove and the proof must be empty; from any other size it must hold.
    const continues =
      last === null || last.size === 0 ? proof.length === 0 : verifyConsistency(last, head, proof)
    if (!continues) return answer(422)
    await this.#options.state.save(origin, { size: head.size, root: head.root })
    const timeS = Math.floor(this.#options.clock.nowMs() / 1000)
    return answer(
      200,
      formatSignatureLine(signText(reading.note.text, this.#options.signer, timeS)),
    )
  }

  async #inTurn<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(origin) ?? Promise.resolve()).then(work, work)
    this.#turns.set(origin, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(origin) === turn) this.#turns.delete(origin)
    }
  }
}

/** Keeps the last checkpoint per origin in `<folder>/<digest of the origin>`: `size root` in text. */
export function witnessFolder(disk: Disk, folder: string): WitnessState {
  const pathOf = (origin: string): string => join(folder, hash('sha256', origin, 'hex'))
  return {
    load: async (origin) => {
      let bytes: Buffer
      try {
        bytes = await disk.readWhole(pathOf(origin))
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
      const head = parseCheckpointText(bytes.toString('utf8'))
      // Taking a damaged file for "never seen" would let a log show a second history.
      if (head === null || head.origin !== origin)
        throw new Error('the state of the witness is damaged')
      return head
    },
    save: async (origin, { size, root }) => {
      await disk.makeFolder(folder)
      await disk.syncFolder(dirname(folder))
      const text = `${origin}\n${size}\n${root.toString('base64')}\n`
      await writeOnce(disk, pathOf(origin), Buffer.from(text))
    },
  }
}
