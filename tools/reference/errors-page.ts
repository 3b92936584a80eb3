/** The page of error codes, from the one table in src/model/errors.ts. */
import { ERRORS } from '../../src/model/errors.ts'
import { cell, page, table } from './markdown.ts'

export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, message, hint, retryable }]) => [
    `\`${code}\``,
    String(status),
    cell(message),
    cell(hint),
    retryable ? 'yes' : 'no',
  ])
  return page('Errors', [
    'Every error Custody answers with. Callers get it in the shape of their provider, with the code, the header `x-custody-exchange`, and `x-should-retry`. Status 499 is only recorded: nobody is left to be answered.',
    table(['code', 'status', 'meaning', 'what to do', 'retry may help'], rows),
  ])
}
