/** Keeps the number of runs small: runs of one level become one of the next; and takes forgotten documents out. */
import { PageWriter, readPage } from '../../store/trace/posting-page.ts'
import type { TraceRun, TraceStore } from '../../store/trace/trace-store.ts'

/** Runs of one level that are merged. */
const FAN_OUT = 6
/** Pages read at once of each run, and written at once. */
const PAGES = 16
const ENTRIES = 1_024

interface Entry {
  readonly key: number
  readonly documents: readonly number[]
}

/** Merges once where there is enough to merge. True when it did. */
export async function mergeRuns(store: TraceStore): Promise<boolean> {
  const groups = new Map<string, TraceRun[]>()
  for (const run of await store.runs()) {
    const name = `${run.version} ${run.epoch} ${run.family} ${run.level}`
    groups.set(name, [...(groups.get(name) ?? []), run])
  }
  const full = [...groups.values()].find((runs) => runs.length >= FAN_OUT)
  const first = full?.[0]
  if (full === undefined || first === undefined) return false
  return rewrite(store, full, first.level + 1, () => true)
}

/** Afterwards no posting points at any of the documents. Resolves to how many pointed there. */
export async function forgetDocuments(
  store: TraceStore,
  documents: ReadonlySet<number>,
): Promise<number> {
  let forgotten = 0
  for (const run of await store.runs()) {
    let here = 0
    for await (const { documents: held } of entriesOf(store, run.run)) {
      for (const document of held) if (documents.has(document)) here += 1
    }
    if (here === 0) continue
    forgotten += here
    await rewrite(store, [run], run.level, (document) => !documents.has(document))
  }
  return forgotten
}

/** What the documents hold directly: blocks and lists. */
export async function heldBy(
  store: TraceStore,
  documents: ReadonlySet<number>,
): Promise<ReadonlySet<number>> {
  const held = new Set<number>()
  for (const run of await store.runs()) {
    if (run.family !== 'edge') continue
    for await (const { key, documents: holders } of entriesOf(store, run.run)) {
      if (holders.some((holder) => documents.has(holder))) held.add(key)
    }
  }
  return held
}

async function rewrite(
  store: TraceStore,
  runs: readonly TraceRun[],
  level: number,
  keeps: (document: number) => boolean,
): Promise<boolean> {
  const [first] = runs
  if (first === undefined) return false
  const { version, epoch, family } = first
  const run = await store.begin({ version, epoch, family })
  const writer = new PageWriter()
  let postings = 0
  let bytes = 0
  const write = async (pages: ReturnType<PageWriter['take']>): Promise<void> => {
    for (const page of pages) {
      postings += page.postings
      bytes += page.data.length
    }
    if (pages.length > 0) await store.append(run, pages)
  }
  let waiting: ReturnType<PageWriter['take']> = []
  for await (const entries of merged(store, runs)) {
    for (const { key, documents } of entries) writer.add(key, documents.filter(keeps))
    waiting = [...waiting, ...writer.take()]
    if (waiting.length >= PAGES) {
      await write(waiting)
      waiting = []
    }
  }
  await write([...waiting, ...writer.finish()])
  return store.swap(
    { run, level, postings, bytes },
    runs.map((one) => one.run),
  )
}

/** In pieces: waiting for every entry would cost more than merging it. */
async function* merged(
  store: TraceStore,
  runs: readonly TraceRun[],
): AsyncGenerator<readonly Entry[], void> {
  let entries: Entry[] = []
  const sources = runs.map(({ run }) => new Source(store, run))
  for (const source of sources) await source.next()
  for (;;) {
    let key = Number.POSITIVE_INFINITY
    for (const source of sources) if (source.key < key) key = source.key
    if (key === Number.POSITIVE_INFINITY) {
      yield entries
      return
    }
    const documents: number[] = []
    for (const source of sources) {
      if (source.key !== key) continue
      documents.push(...source.documents)
      // Most steps need no page: only then is there something to wait for.
      if (!source.step()) await source.next()
    }
    entries.push({ key, documents: documents.length === 1 ? documents : sortedOnce(documents) })
    if (entries.length < ENTRIES) continue
    yield entries
    entries = []
  }
}

function sortedOnce(documents: readonly number[]): readonly number[] {
  return [...new Set(documents)].sort((a, b) => a - b)
}

async function* entriesOf(store: TraceStore, run: number): AsyncGenerator<Entry, void> {
  for (let after = -1; ;) {
    const pages = await store.pages(run, after, PAGES)
    for (const { firstKey, data } of pages) yield* readPage(firstKey, data)
    const last = pages.at(-1)
    if (last === undefined || pages.length < PAGES) return
    after = last.firstKey
  }
}

/** Reads one run in order of its keys. */
class Source {
  key = -1
  documents: readonly number[] = []
  readonly #store: TraceStore
  readonly #run: number
  #after = -1
  #entries: Iterator<Entry, void> | null = null
  #pages: { readonly firstKey: number; readonly data: Uint8Array }[] = []

  constructor(store: TraceStore, run: number) {
    this.#store = store
    this.#run = run
  }

  /** To the next entry of the pages at hand; false when they are used up. */
  step(): boolean {
    for (;;) {
      const found = this.#entries?.next()
      if (found !== undefined && found.done !== true) {
        this.key = found.value.key
        this.documents = found.value.documents
        return true
      }
      const page = this.#pages.shift()
      if (page === undefined) return false
      this.#entries = readPage(page.firstKey, page.data)
    }
  }

  async next(): Promise<void> {
    if (this.step()) return
    const pages = await this.#store.pages(this.#run, this.#after, PAGES)
    this.#after = pages.at(-1)?.firstKey ?? this.#after
    this.#pages = [...pages]
    if (this.step()) return
    this.key = Number.POSITIVE_INFINITY
    this.documents = []
  }
}
