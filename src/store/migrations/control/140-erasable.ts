/** Which exchanges an approval and a mask token came from, so that they are erased with them. */
import { type Kysely, sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function erasable(
  db: Kysely<unknown>,
  { text, clustered }: EngineTypes,
): Promise<void> {
  await db.schema
    .createTable('approval_exchanges')
    .addColumn('exchange', text, (column) => column.notNull())
    .addColumn('approval', text, (column) => column.notNull())
    .addColumn('digest', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('approval_exchanges_key', ['exchange', 'approval'])
    .modifyEnd(clustered)
    .execute()
  await db.schema
    .createIndex('approval_exchanges_by_approval')
    .on('approval_exchanges')
    .column('approval')
    .execute()
  await db.schema
    .createTable('mask_token_uses')
    .addColumn('exchange', text, (column) => column.notNull())
    .addColumn('scope', text, (column) => column.notNull())
    .addColumn('token', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('mask_token_uses_key', ['exchange', 'scope', 'token'])
    .modifyEnd(clustered)
    .execute()
  await db.schema
    .createIndex('mask_token_uses_by_token')
    .on('mask_token_uses')
    .columns(['scope', 'token'])
    .execute()
  await fillApprovals(db)
}

/** Approvals that are there say which exchange they were opened for; what joined them goes with it. */
async function fillApprovals(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ id: string; body: string }>`select id, body from approvals`.execute(
    db,
  )
  for (const { id, body } of rows) {
    const { exchange, digest } = requestOf(JSON.parse(body))
    if (exchange === '') continue
    await sql`insert into approval_exchanges (exchange, approval, digest) values (${exchange}, ${id}, ${digest})`.execute(
      db,
    )
  }
}

function requestOf(body: unknown): { readonly exchange: string; readonly digest: string } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: the table of approvals wrote it
  const { request } = body as { request?: { exchange?: string; digest?: string } }
  return { exchange: request?.exchange ?? '', digest: request?.digest ?? '' }
}
