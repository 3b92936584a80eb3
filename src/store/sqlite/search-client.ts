/** Asks the search thread; the thread starts with the first question, so a process that only records never has one. */
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import type { SearchQuestion } from './search-thread.ts'
import { ThreadLine } from './thread-line.ts'

export function createSearchClient(path: string): ExchangeSearch & AsyncDisposable {
  const line = new ThreadLine<SearchQuestion>('search-thread', path)
  let isClosed = false
  const ask =
    <Method extends SearchQuestion['method']>(method: Method) =>
    (...args: Parameters<ExchangeSearch[Method]>): ReturnType<ExchangeSearch[Method]> => {
      if (isClosed) throw new Error('the store is closed')
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: the thread answers what the method returns
      return line.ask((id) => ({ id, method, args })) as ReturnType<ExchangeSearch[Method]>
    }
  return {
    list: ask('list'),
    facets: ask('facets'),
    histogram: ask('histogram'),
    changes: ask('changes'),
    newest: ask('newest'),
    conversations: ask('conversations'),
    upstreamTallies: ask('upstreamTallies'),
    profile: ask('profile'),
    findingsOf: ask('findingsOf'),
    findingGroups: ask('findingGroups'),
    byContext: ask('byContext'),
    listForward: ask('listForward'),
    byResponse: ask('byResponse'),
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      await line.cut(new Error('the store is closed'))
    },
  }
}
