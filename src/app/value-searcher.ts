/** Has a thread read the record for a value that is to be erased. */
import { createHmac } from 'node:crypto'
import type { ValueSearcher } from '../incident/keeping/erasure-jobs.ts'
import type { SearchNews } from '../incident/keeping/search-record.ts'
import { threadScript } from '../lib/thread-script.ts'
import type { Logger } from '../telemetry/logger.ts'
import { runJob } from './job-thread.ts'
import type { TracingSource } from './open-tracing.ts'
import type { ValueSearchData } from './value-search-thread.ts'

export function createValueSearcher(
  source: TracingSource,
  key: Buffer,
  log: Logger,
): ValueSearcher {
  const script = threadScript('value-search-thread', import.meta)
  return {
    digest: (value) =>
      createHmac('sha256', key).update(`erasure\0${value}`).digest('hex').slice(0, 16),
    run: (order, tell, failed) =>
      runJob<ValueSearchData, SearchNews>({
        script,
        data: { source, order },
        tell,
        failed: () => log.warn({}, 'the record could not be read for a value'),
        ended: failed,
      }),
  }
}
