/** Asks the gateway one thing with the credential that a client will send, to say whether it is let in. */

export type Probe =
  /** The gateway let it in; what a provider said to it does not matter. */
  | { readonly kind: 'let-in'; readonly exchange: string }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  | { readonly kind: 'unreachable'; readonly reason: string }

const PATIENCE_MS = 15_000
/** Costs nothing at any provider. */
const PATH = '/v1/models'

export async function probe(gateway: string, credential: string): Promise<Probe> {
  try {
    const answer = await fetch(gateway + PATH, {
      redirect: 'error',
      headers: { authorization: `Bearer ${credential}`, 'user-agent': 'custody-connect' },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await answer.text()
    const exchange = answer.headers.get('x-custody-exchange')
    if (exchange === null)
      return { kind: 'unreachable', reason: 'no Custody gateway answers there' }
    const code = /\b(?:identity|containment)\.[a-z-]+/.exec(text)?.[0]
    if (answer.ok || code === undefined) return { kind: 'let-in', exchange }
    return { kind: 'refused', status: answer.status, code }
  } catch (error) {
    const { cause } = error instanceof Error ? error : { cause: undefined }
    const reason = cause instanceof Error ? cause.message : String(error)
    return { kind: 'unreachable', reason }
  }
}
