/** Which detectors there are: ids and entities by pack, read from the documents of the shipped packs. */
import type { PackDocument } from '../detect/load-rules.ts'
import { listAt, textAt } from '../lib/json/loose.ts'

interface Detector {
  readonly id: string
  readonly entity: string
}

export class DetectorShelf {
  readonly #documents: readonly PackDocument[]
  readonly #packs = new Map<
    string,
    { include: readonly string[]; detectors: readonly Detector[] }
  >()
  readonly #byEntity = new Map<string, string[]>()
  readonly #packOf = new Map<string, string>()

  constructor(documents: readonly PackDocument[]) {
    this.#documents = documents
    for (const document of documents) {
      const name = textAt(document, 'pack') ?? ''
      const detectors = listAt(document, 'rules').flatMap((rule) => {
        const id = textAt(rule, 'id')
        return id === null ? [] : [{ id, entity: textAt(rule, 'entity') ?? '' }]
      })
      const include = listAt(document, 'include').filter((one) => typeof one === 'string')
      this.#packs.set(name, { include, detectors })
      for (const { id, entity } of detectors) {
        this.#packOf.set(id, name)
        const ids = this.#byEntity.get(entity) ?? []
        ids.push(id)
        this.#byEntity.set(entity, ids)
      }
    }
  }

  get documents(): readonly PackDocument[] {
    return this.#documents
  }

  get packs(): readonly string[] {
    return [...this.#packs.keys()].toSorted()
  }

  get entities(): readonly string[] {
    return [...this.#byEntity.keys()].toSorted()
  }

  get ids(): readonly string[] {
    return [...this.#packOf.keys()].toSorted()
  }

  idsOfEntities(entities: readonly string[]): readonly string[] {
    return entities.flatMap((entity) => this.#byEntity.get(entity) ?? [])
  }

  /** With the packs it includes. */
  idsOfPack(name: string): readonly string[] {
    const seen = new Set<string>()
    const take = (pack: string): readonly string[] => {
      if (seen.has(pack)) return []
      seen.add(pack)
      const { include = [], detectors = [] } = this.#packs.get(pack) ?? {}
      return [...include.flatMap(take), ...detectors.map(({ id }) => id)]
    }
    return take(name)
  }

  /** The packs that hold these detectors. */
  packsOf(ids: Iterable<string>): readonly string[] {
    const packs = new Set<string>()
    for (const id of ids) {
      const pack = this.#packOf.get(id)
      if (pack !== undefined) packs.add(pack)
    }
    return [...packs].toSorted()
  }
}
