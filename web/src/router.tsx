/** The pages and their addresses. Search parameters are the state of a page: a pasted link shows the same view. */
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { readAuditSearch } from './features/audit/audit-search.ts'
import { Shell } from './features/shell/shell.tsx'
import { Alerts, readAlertsSearch } from './routes/alerts.tsx'
import { Approvals, readApprovalsSearch } from './routes/approvals.tsx'
import { Audit } from './routes/audit.tsx'
import {
  DeclaredConversation,
  ExchangeConversation,
  readConversationSearch,
} from './routes/conversation.tsx'
import { Block } from './routes/block.tsx'
import { CasePage } from './routes/case.tsx'
import { Cases } from './routes/cases.tsx'
import { Compare, readCompareSearch } from './routes/compare.tsx'
import { Conversations } from './routes/conversations.tsx'
import { Device, readDeviceSearch } from './routes/device.tsx'
import { EntityPage, readEntitySearch } from './routes/entity.tsx'
import { Exchange, readExchangeSearch } from './routes/exchange.tsx'
import { ConversationFilm, ExchangeFilm, readFilmSearch } from './routes/film.tsx'
import { Investigate } from './routes/investigate.tsx'
import { Findings, readFindingsSearch } from './routes/findings.tsx'
import { Hunt } from './routes/hunt.tsx'
import { Hunts } from './routes/hunts.tsx'
import { Keys, readKeysSearch } from './routes/keys.tsx'
import { Live, readLiveSearch } from './routes/live.tsx'
import { Locks, readLocksSearch } from './routes/locks.tsx'
import { Login } from './routes/login.tsx'
import { MePage } from './routes/me.tsx'
import { NotFound } from './routes/not-found.tsx'
import { People } from './routes/people.tsx'
import { Policy } from './routes/policy.tsx'
import { Retention } from './routes/retention.tsx'
import { Replay, readReplaySearch } from './routes/replay.tsx'
import { KeyringPage } from './routes/keyring.tsx'
import { EvidencePage } from './routes/evidence.tsx'
import { TrustRules } from './routes/trust-rules.tsx'
import { Trace } from './routes/trace.tsx'
import { Run, readRunSearch } from './routes/run.tsx'
import { RequestState } from './routes/request-page.tsx'
import { Upstreams } from './routes/upstreams.tsx'

const root = createRootRoute({ notFoundComponent: NotFound })

const requestState = createRoute({
  getParentRoute: () => root,
  path: '/requests/$page',
  component: RequestState,
})

const login = createRoute({ getParentRoute: () => root, path: '/login', component: Login })

/** Everything below needs somebody who is logged in. */
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/exchanges', replace: true })
  },
})

const live = createRoute({
  getParentRoute: () => shell,
  path: '/exchanges',
  validateSearch: readLiveSearch,
  component: Live,
})

const exchange = createRoute({
  getParentRoute: () => shell,
  path: '/exchanges/$id',
  validateSearch: readExchangeSearch,
  component: Exchange,
})

const replay = createRoute({
  getParentRoute: () => shell,
  path: '/exchanges/$id/replay',
  validateSearch: readReplaySearch,
  component: Replay,
})

const conversations = createRoute({
  getParentRoute: () => shell,
  path: '/conversations',
  component: Conversations,
})

const conversation = createRoute({
  getParentRoute: () => shell,
  path: '/conversations/$id',
  validateSearch: readConversationSearch,
  component: DeclaredConversation,
})

const exchangeConversation = createRoute({
  getParentRoute: () => shell,
  path: '/exchanges/$id/conversation',
  validateSearch: readConversationSearch,
  component: ExchangeConversation,
})

const conversationFilm = createRoute({
  getParentRoute: () => shell,
  path: '/conversations/$id/film',
  validateSearch: readFilmSearch,
  component: ConversationFilm,
})

const exchangeFilm = createRoute({
  getParentRoute: () => shell,
  path: '/exchanges/$id/film',
  validateSearch: readFilmSearch,
  component: ExchangeFilm,
})

const entity = createRoute({
  getParentRoute: () => shell,
  path: '/entity',
  validateSearch: readEntitySearch,
  component: EntityPage,
})

const findings = createRoute({
  getParentRoute: () => shell,
  path: '/findings',
  validateSearch: readFindingsSearch,
  component: Findings,
})

const cases = createRoute({ getParentRoute: () => shell, path: '/cases', component: Cases })

const casePage = createRoute({
  getParentRoute: () => shell,
  path: '/cases/$id',
  component: CasePage,
})
const investigate = createRoute({
  getParentRoute: () => shell,
  path: '/investigate',
  component: Investigate,
})

const run = createRoute({
  getParentRoute: () => shell,
  path: '/cases/$id/run',
  validateSearch: readRunSearch,
  component: Run,
})

const compare = createRoute({
  getParentRoute: () => shell,
  path: '/compare',
  validateSearch: readCompareSearch,
  component: Compare,
})

const hunts = createRoute({ getParentRoute: () => shell, path: '/hunts', component: Hunts })

const hunt = createRoute({ getParentRoute: () => shell, path: '/hunts/$id', component: Hunt })

const alerts = createRoute({
  getParentRoute: () => shell,
  path: '/alerts',
  validateSearch: readAlertsSearch,
  component: Alerts,
})

const block = createRoute({
  getParentRoute: () => shell,
  path: '/trace/blocks/$id',
  component: Block,
})

const trace = createRoute({ getParentRoute: () => shell, path: '/trace', component: Trace })

const policy = createRoute({ getParentRoute: () => shell, path: '/policy', component: Policy })
const approvals = createRoute({
  getParentRoute: () => shell,
  path: '/approvals',
  validateSearch: readApprovalsSearch,
  component: Approvals,
})

const trustRules = createRoute({
  getParentRoute: () => shell,
  path: '/trust-rules',
  component: TrustRules,
})

const keys = createRoute({
  getParentRoute: () => shell,
  path: '/keys',
  validateSearch: readKeysSearch,
  component: Keys,
})

const evidence = createRoute({
  getParentRoute: () => shell,
  path: '/evidence',
  component: EvidencePage,
})

const keyring = createRoute({
  getParentRoute: () => shell,
  path: '/evidence/keys',
  component: KeyringPage,
})

const locks = createRoute({
  getParentRoute: () => shell,
  path: '/locks',
  validateSearch: readLocksSearch,
  component: Locks,
})

const retention = createRoute({
  getParentRoute: () => shell,
  path: '/retention',
  component: Retention,
})

const upstreams = createRoute({
  getParentRoute: () => shell,
  path: '/upstreams',
  component: Upstreams,
})

const people = createRoute({ getParentRoute: () => shell, path: '/people', component: People })

const device = createRoute({
  getParentRoute: () => shell,
  path: '/device',
  validateSearch: readDeviceSearch,
  component: Device,
})

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: Audit,
})

const me = createRoute({ getParentRoute: () => shell, path: '/me', component: MePage })

const routeTree = root.addChildren([
  login,
  requestState,
  shell.addChildren([
    home,
    live,
    exchange,
    replay,
    conversations,
    conversation,
    exchangeConversation,
    conversationFilm,
    exchangeFilm,
    entity,
    findings,
    cases,
    casePage,
    investigate,
    run,
    trace,
    block,
    compare,
    hunts,
    hunt,
    alerts,
    policy,
    approvals,
    keys,
    trustRules,
    evidence,
    keyring,
    locks,
    retention,
    upstreams,
    people,
    audit,
    device,
    me,
  ]),
])

export function makeRouter() {
  return createRouter({
    routeTree,
    defaultPreload: false,
    // Plain names and texts, so that a person can read and write them.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const pairs = new URLSearchParams()
      for (const [name, value] of Object.entries(search))
        if (typeof value === 'string' && value !== '') pairs.set(name, value)
      const text = pairs.toString()
      return text === '' ? '' : `?${text}`
    },
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
