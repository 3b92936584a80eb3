/** Logins under way, things that may be presented once, and logout hints: short-lived rows that all workers share. */
import { hash as digest } from 'node:crypto'
import type {
  LoginAttemptTable,
  LoginSessionHintRow,
  LoginSessionHintTable,
  OnceTable,
} from '../../model/login.ts'
import type { ControlDb } from '../schema.ts'
import { isUnstorable } from './stored-text.ts'
import { takeOnce } from './take-once.ts'

export function createLoginAttemptTable(db: ControlDb): LoginAttemptTable {
  return {
    insert: async (row) => {
      await db.deleteFrom('login_attempts').where('expires_at_ms', '<=', row.createdAtMs).execute()
      await db
        .insertInto('login_attempts')
        .values({
          hash: row.hash,
          provider: row.provider,
          next: row.next,
          created_at_ms: row.createdAtMs,
          expires_at_ms: row.expiresAtMs,
        })
        .execute()
    },
    take: async (hash, nowMs) => {
      const taking = db.deleteFrom('login_attempts').where('hash', '=', hash).returningAll()
      const row = await takeOnce(taking, nowMs)
      return (
        row && {
          hash: row.hash,
          provider: row.provider,
          next: row.next,
          createdAtMs: row.created_at_ms,
          expiresAtMs: row.expires_at_ms,
        }
      )
    },
  }
}

export function createOnceTable(db: ControlDb): OnceTable {
  return {
    claim: async (name, nowMs, expiresAtMs) => {
      await db.deleteFrom('seen_once').where('expires_at_ms', '<=', nowMs).execute()
      const result = await db
        .insertInto('seen_once')
        .values({ hash: digest('sha256', name, 'hex'), expires_at_ms: expiresAtMs })
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .executeTakeFirst()
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
    },
  }
}

export function createLoginSessionHintTable(db: ControlDb): LoginSessionHintTable {
  const decode = (row: {
    login_session: string
    provider: string
    subject_hash: string
    session_index_hash: string
    sealed: string
  }): LoginSessionHintRow => ({
    loginSession: row.login_session,
    provider: row.provider,
    subjectHash: row.subject_hash,
    sessionIndexHash: row.session_index_hash,
    sealed: row.sealed,
  })
  return {
    insert: async (row) => {
      await db
        .insertInto('login_session_hints')
        .values({
          login_session: row.loginSession,
          provider: row.provider,
          subject_hash: row.subjectHash,
          session_index_hash: row.sessionIndexHash,
          sealed: row.sealed,
        })
        .execute()
    },
    byLoginSession: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db
        .selectFrom('login_session_hints')
        .selectAll()
        .where('login_session', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    ofSubject: async (provider, subjectHash, sessionIndexHash) => {
      let query = db
        .selectFrom('login_session_hints')
        .selectAll()
        .where('provider', '=', provider)
        .where('subject_hash', '=', subjectHash)
      if (sessionIndexHash !== '') query = query.where('session_index_hash', '=', sessionIndexHash)
      return (await query.execute()).map(decode)
    },
  }
}
