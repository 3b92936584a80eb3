/** The pages and their addresses. Search parameters are the state of a page: a pasted link shows the same view. */
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { Shell } from './features/shell/shell.tsx'
import { Exchange, readExchangeSearch } from './routes/exchange.tsx'
import { Live, readLiveSearch } from './routes/live.tsx'
import { Login } from './routes/login.tsx'
import { NotFound } from './routes/not-found.tsx'
import { Replay, readReplaySearch } from './routes/replay.tsx'

const root = createRootRoute({ notFoundComponent: NotFound })

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

const routeTree = root.addChildren([login, shell.addChildren([home, live, exchange, replay])])

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
