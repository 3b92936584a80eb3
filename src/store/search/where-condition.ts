/** Turns a condition of and, or, not into SQL that both engines read the same way. */
import type { Expression, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { Condition, NumberField, TextTest } from '../../model/exchange-query.ts'
import { keyText } from '../row-codec.ts'
import { prefixEnd } from '../index-reader.ts'
import type { ExchangeTable } from '../schema.ts'
import type { ValueTest } from './where-value.ts'
import { anyOf, valueCondition } from './where-value.ts'

export const NUMBER_COLUMNS = {
  receivedAtMs: 'received_at_ms',
  durationMs: 'duration_ms',
  status: 'status',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  requestBytes: 'request_bytes',
  answerBytes: 'answer_bytes',
} as const satisfies Record<NumberField, keyof ExchangeTable>

export function conditionSql(condition: Condition): Expression<SqlBool> {
  switch (condition.kind) {
    case 'any':
      return anyOf(condition.of.map(conditionSql))
    case 'all':
      if (condition.of.length === 0) return sql`1 = 1`
      return sql`(${sql.join(condition.of.map(conditionSql), sql` and `)})`
    case 'not':
      // What a column of null says of any value is neither yes nor no.
      return sql`not coalesce(${conditionSql(condition.of)}, false)`
    case 'compare':
      // Whatever the number: no column is too narrow for it.
      return sql`cast(${sql.ref(NUMBER_COLUMNS[condition.field])} as double precision) ${sql.raw(condition.operator)} ${condition.value}`
    case 'is':
      return condition.field === 'conversation'
        ? conversationSql(condition.test)
        : valueCondition(condition.field, storedTest(condition.test))
  }
}

/** As texts lie in the columns. */
export function storedTest(test: TextTest): ValueTest {
  return test.kind === 'none' ? test : { kind: test.kind, text: keyText(test.text) }
}

/** There is no column in memory for it. */
export function asksConversation(condition: Condition): boolean {
  if (condition.kind === 'is') return condition.field === 'conversation'
  if (condition.kind === 'not') return asksConversation(condition.of)
  return condition.kind !== 'compare' && condition.of.some(asksConversation)
}

function conversationSql(test: TextTest): Expression<SqlBool> {
  if (test.kind === 'none') return sql`conversation is null`
  if (test.kind === 'exact') return sql`conversation = ${keyText(test.text)}`
  const from = keyText(test.text)
  const end = prefixEnd(from)
  return end === null
    ? sql`conversation >= ${from}`
    : sql`(conversation >= ${from} and conversation < ${end})`
}
