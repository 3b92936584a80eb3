/** Takes a short-lived row out of its table: whoever comes first has it, and nobody after that. */

interface Taking<Row> {
  readonly executeTakeFirst: () => Promise<Row | undefined>
}

/** `taking` deletes and returns in one statement: of two callers at once the database gives the row to one. */
export async function takeOnce<Row extends { readonly expires_at_ms: number }>(
  taking: Taking<Row>,
  nowMs: number,
): Promise<Row | null> {
  const row = await taking.executeTakeFirst()
  return row === undefined || row.expires_at_ms <= nowMs ? null : row
}
