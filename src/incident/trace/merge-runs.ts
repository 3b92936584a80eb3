/** Keeps the number of runs small: runs of one level become one of the next; and takes forgotten documents out. */
import type { Postings } from '../../store/trace/posting-list.ts'
import { PageWriter, readPage, type PostingPage } from '../../store/trace/posting-page.ts'
import type { TraceRun, TraceStore } from '../../store/trace/trace-store.ts'

/** Runs of one level that are merged: more of them are fewer rewrites of each posting, and more look-ups for each question. */
const FAN_OUT = 10
/** Pages read at once of each run, and written at once. */
const PAGES = 16

/** Merges once where there is enough to merge, with time to `breathe` between two steps. True when it did. */
export async function mergeRuns(
  store: TraceStore,
  breathe: () => Promise<void> = async () => {},
): Promise<boolean> {
  const groups = new Map<string, TraceRun[]>()
  for (const run of await store.runs()) {
    const name = `${run.version} ${run.epoch} ${run.family} ${run.level}`
    groups.set(name, [...(groups.get(name) ?? []), run])
  }
  const full = [...groups.values()].find((runs) => runs.length >= FAN_OUT)
  const first = full?.[0]
  if (full === undefined || first === undefined) return false
  return rewrite(store, full, first.level + 1, { keeps: () => true, breathe })
}

/** Afterwards no posting points at any of the documents. Resolves to how many pointed there. */
export async function forgetDocuments(
  store: TraceStore,
  documents: ReadonlySet<number>,
  breathe: () => Promise<void> = async () => {},
): Promise<number> {
  let forgotten = 0
  for (const run of await store.runs()) {
    let here = 0
    for await (const page of postingsOf(store, run.run)) {
      for (let at = 0; at < page.length; at += 1) {
        if (documents.has(page.documents[at] ?? 0)) here += 1
      }
      await breathe()
    }
    if (here === 0) continue
    forgotten += here
    const keeps = (document: number): boolean => !documents.has(document)
    await rewrite(store, [run], run.level, { keeps, breathe })
  }
  return forgotten
}

/** What the documents hold directly: blocks and lists. */
export async function heldBy(
  store: TraceStore,
  documents: ReadonlySet<number>,
  breathe: () => Promise<void>,
): Promise<ReadonlySet<number>> {
  const held = new Set<number>()
  for (const run of await store.runs()) {
    if (run.family !== 'edge') continue
    for await (const page of postingsOf(store, run.run)) {
      for (let at = 0; at < page.length; at += 1) {
        if (documents.has(page.documents[at] ?? 0)) held.add(page.keys[at] ?? 0)
      }
      await breathe()
    }
  }
  return held
}

interface Rewriting {
  readonly keeps: (document: number) => boolean
  readonly breathe: () => Promise<void>
}

async function rewrite(
  store: TraceStore,
  runs: readonly TraceRun[],
  level: number,
  { keeps, breathe }: Rewriting,
): Promise<boolean> {
  const [first] = runs
  if (first === undefined) return false
  const { version, epoch, family } = first
  const run = await store.begin({ version, epoch, family })
  const writer = new PageWriter()
  let postings = 0
  let bytes = 0
  const write = async (pages: readonly PostingPage[]): Promise<void> => {
    for (const page of pages) {
      postings += page.postings
      bytes += page.data.length
    }
    if (pages.length > 0) await store.append(run, pages)
  }
  const sources = runs.map((one) => new Source(store, one.run))
  for (const source of sources) await source.next()
  for (;;) {
    const least = leastOf(sources)
    if (least === null) break
    if (keeps(least.document)) writer.add(least.key, least.document)
    // Most steps need no page: only then is there something to wait for.
    if (!least.step()) await least.next()
    if (writer.full < PAGES) continue
    await write(writer.take())
    await breathe()
  }
  await write(writer.finish())
  return store.swap(
    { run, level, postings, bytes },
    runs.map((one) => one.run),
  )
}

/** The one with the least key; null when all are at their end. */
function leastOf(sources: readonly Source[]): Source | null {
  let least: Source | null = null
  let key = Number.POSITIVE_INFINITY
  for (const source of sources) {
    if (source.key >= key) continue
    least = source
    key = source.key
  }
  return least
}

async function* postingsOf(store: TraceStore, run: number): AsyncGenerator<Postings, void> {
  for (let after = -1; ;) {
    const pages = await store.pages(run, after, PAGES)
    for (const { firstKey, data } of pages) yield readPage(firstKey, data)
    const last = pages.at(-1)
    if (last === undefined || pages.length < PAGES) return
    after = last.firstKey
  }
}

const NOTHING: Postings = { keys: new Float64Array(), documents: new Float64Array(), length: 0 }

/** Reads one run in order of its keys. */
class Source {
  /** Infinite at the end. */
  key = -1
  document = 0
  readonly #store: TraceStore
  readonly #run: number
  #after = -1
  #page = NOTHING
  #at = 0
  #pages: { readonly firstKey: number; readonly data: Uint8Array }[] = []

  constructor(store: TraceStore, run: number) {
    this.#store = store
    this.#run = run
  }

  /** To the next posting of the pages at hand; false when they are used up. */
  step(): boolean {
    while (this.#at >= this.#page.length) {
      const page = this.#pages.shift()
      if (page === undefined) return false
      this.#page = readPage(page.firstKey, page.data)
      this.#at = 0
    }
    this.key = this.#page.keys[this.#at] ?? 0
    this.document = this.#page.documents[this.#at] ?? 0
    this.#at += 1
    return true
  }

  async next(): Promise<void> {
    if (this.step()) return
    const pages = await this.#store.pages(this.#run, this.#after, PAGES)
    this.#after = pages.at(-1)?.firstKey ?? this.#after
    this.#pages = [...pages]
    if (!this.step()) this.key = Number.POSITIVE_INFINITY
  }
}
