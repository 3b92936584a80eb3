/** Edits a YAML file of another program: named texts are set or taken out, comments and all else stay. */
import { Document, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml'
import { isJsonObject } from '../lib/json/loose.ts'

/** Names of maps, numbers of lists; `undefined` takes the text out. */
export interface YamlChange {
  readonly path: readonly string[]
  readonly value: string | undefined
}

export interface YamlEdit {
  readonly text: string
  readonly before: readonly YamlChange[]
}

/** A text is the reason why the file is not touched. */
export function editYaml(text: string, changes: readonly YamlChange[]): YamlEdit | string {
  const documents = parseAllDocuments(text)
  const [first] = documents
  if (documents.length > 1) return 'it holds more than one document'
  const document = first ?? new Document()
  if (document.errors.length + document.warnings.length > 0) return 'it is no clean YAML'
  if (document.contents !== null && !isMap(document.contents)) return 'it holds no map'
  return applied(document, changes)
}

function applied(document: Document, changes: readonly YamlChange[]): YamlEdit | string {
  const before: YamlChange[] = []
  for (const { path, value } of changes) {
    const keys = path.map((name) => (/^\d+$/.test(name) ? Number(name) : name))
    for (let depth = 1; depth < keys.length; depth += 1) {
      const inner = document.getIn(keys.slice(0, depth), true)
      if (isAlias(inner)) return `${path.slice(0, depth).join('.')} is an alias`
      if (inner !== undefined && !isMap(inner) && !isSeq(inner))
        return `${path.slice(0, depth).join('.')} is no map`
    }
    const old: unknown = document.getIn(keys, true)
    const was: unknown = isScalar(old) ? old.value : old
    if (was !== undefined && typeof was !== 'string') return `${path.join('.')} is no text`
    before.push({ path, value: was })
    if (value === undefined) document.deleteIn(keys)
    else document.setIn(keys, value)
  }
  return { text: document.toString({ lineWidth: 0 }), before: before.toReversed() }
}

/** A map of settings in YAML or JSON; null where it is none. */
export function readYamlMap(text: string): Record<string, unknown> | null {
  const [document, more] = parseAllDocuments(text)
  if (document === undefined || more !== undefined || document.errors.length > 0) return null
  const value: unknown = document.toJS()
  return isJsonObject(value) ? { ...value } : null
}

/** Of each item of a list the text of one name; null where it has none. Empty where there is no such list. */
export function yamlTexts(text: string, list: string, name: string): readonly (string | null)[] {
  const [document] = parseAllDocuments(text)
  const items: unknown = document?.get(list)
  if (!isSeq(items)) return []
  return items.items.map((item) => {
    const value: unknown = isMap(item) ? item.get(name) : undefined
    return typeof value === 'string' ? value : null
  })
}
