/** Takes the login token out of the address the moment it appears, so that neither history nor a copied address holds it. */

let token: string | null = null
/** Which page the link is for; only what is known here, so that no link leads elsewhere. */
let page: LoginPage = '/exchanges'

export type LoginPage = '/exchanges' | '/investigate'
const listeners = new Set<() => void>()

function take(): void {
  const said = new URLSearchParams(location.hash.slice(1))
  const found = said.get('token')
  if (found === null || found === '') return
  token = found
  page = said.get('to') === 'investigate' ? '/investigate' : '/exchanges'
  history.replaceState(history.state, '', location.pathname + location.search)
  for (const listener of listeners) listener()
}

// Before the router first looks at the address; and when a link is pasted over this very page.
take()
window.addEventListener('hashchange', take)

export function currentToken(): string | null {
  return token
}

export function pageOfLink(): LoginPage {
  return page
}

export function onToken(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
