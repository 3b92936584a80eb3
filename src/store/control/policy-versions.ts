/** Versions of the policy: rows are added, never changed. */
import type { PolicyVersionRow, PolicyVersionTable } from '../../model/policy-version.ts'
import type { ControlDb } from '../schema.ts'
import { storable } from './stored-text.ts'

export function createPolicyVersionTable(db: ControlDb): PolicyVersionTable {
  return {
    insert: async (row) => {
      const added = await db
        .insertInto('policy_versions')
        .values({
          version: row.version,
          hash: row.hash,
          text: row.text,
          author: row.author,
          author_name: storable(row.authorName),
          note: storable(row.note),
          created_at_ms: row.createdAtMs,
        })
        .onConflict((conflict) => conflict.column('version').doNothing())
        .executeTakeFirst()
      return (added.numInsertedOrUpdatedRows ?? 0n) > 0n
    },
    latest: async () => {
      const row = await db
        .selectFrom('policy_versions')
        .selectAll()
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row === undefined ? null : { ...headOf(row), text: row.text }
    },
    keepFile: async ({ hash, text, file, keptAtMs }) => {
      await db
        .insertInto('policy_texts')
        .values({ hash, text: storable(text), file: storable(file), kept_at_ms: keptAtMs })
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .execute()
    },
    byHash: async (hash) => {
      const version = await db
        .selectFrom('policy_versions')
        .select(['version', 'text'])
        .where('hash', '=', hash)
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      if (version !== undefined) return { text: version.text, source: `version ${version.version}` }
      const file = await db
        .selectFrom('policy_texts')
        .select(['file', 'text'])
        .where('hash', '=', hash)
        .executeTakeFirst()
      return file === undefined ? null : { text: file.text, source: file.file }
    },
    read: async (version) => {
      const row = await db
        .selectFrom('policy_versions')
        .selectAll()
        .where('version', '=', version)
        .executeTakeFirst()
      return row === undefined ? null : { ...headOf(row), text: row.text }
    },
    list: async ({ before, limit }) => {
      let select = db
        .selectFrom('policy_versions')
        .select(['version', 'hash', 'author', 'author_name', 'note', 'created_at_ms'])
        .orderBy('version', 'desc')
        .limit(limit)
      if (before !== null) select = select.where('version', '<', before)
      return (await select.execute()).map(headOf)
    },
  }
}

interface StoredHead {
  readonly version: number
  readonly hash: string
  readonly author: string
  readonly author_name: string
  readonly note: string
  readonly created_at_ms: number
}

function headOf(row: StoredHead): Omit<PolicyVersionRow, 'text'> {
  return {
    version: row.version,
    hash: row.hash,
    author: row.author,
    authorName: row.author_name,
    note: row.note,
    createdAtMs: row.created_at_ms,
  }
}
