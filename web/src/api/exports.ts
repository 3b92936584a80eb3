/** Exports: a signed bundle at once, or an order that another person decides and that is then fetched once. */
import { queryOptions } from '@tanstack/react-query'
import type {
  WaitingExport,
  decideExportOrder,
  listExportOrders,
  readExportOrder,
} from '../../../src/api/contract/export-orders.ts'
import type { ExportOrder, createExport } from '../../../src/api/contract/exports.ts'
import { saveFile } from '../ui/download.ts'
import { apiUrl, call, send } from './client.ts'
import type { CallInput } from './client.ts'

export type { WaitingExport }
export type ExportFilter = NonNullable<CallInput<typeof createExport>['body']['filter']>

export type Exported =
  | { readonly kind: 'saved'; readonly name: string }
  | { readonly kind: 'waits'; readonly order: string; readonly expiresAtMs: number }

type Wish = Partial<Omit<ExportOrder, 'filter'>> &
  Pick<ExportOrder, 'reason'> & { readonly filter?: ExportFilter }

const WAITS = 202

/** Saves the bundle as a file of the browser, unless another person must approve it first. */
export async function exportFile(wish: Wish): Promise<Exported> {
  const answer = await posted('/exports', wish)
  if (answer.status !== WAITS) return saved(answer, wish.recipients ?? [])
  const said: unknown = await answer.json()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: server and console are one build over one contract
  return { kind: 'waits', ...(said as { order: string; expiresAtMs: number }) }
}

/** What was approved, once. */
export async function fetchOrder({ id, recipients }: WaitingExport): Promise<Exported> {
  return saved(await posted(`/exports/orders/${encodeURIComponent(id)}/bundle`, {}), recipients)
}

function posted(path: string, body: unknown): Promise<Response> {
  return send(apiUrl(path), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-custody-csrf': '1' },
    credentials: 'same-origin',
    redirect: 'error',
    body: JSON.stringify(body),
  })
}

async function saved(answer: Response, recipients: readonly string[]): Promise<Exported> {
  const bundle = answer.headers.get('x-custody-bundle') ?? 'bundle'
  const name = `${bundle}.tar${recipients.length > 0 ? '.age' : ''}`
  saveFile(name, await answer.blob())
  return { kind: 'saved', name }
}

export const ordersQuery = queryOptions({
  queryKey: ['export-orders'],
  queryFn: ({ signal }) =>
    call<typeof listExportOrders>('get', '/exports/orders', { query: { limit: 200 }, signal }),
  refetchInterval: 5_000,
})

export const orderQuery = (id: string) =>
  queryOptions({
    queryKey: ['export-orders', id],
    queryFn: ({ signal }) =>
      call<typeof readExportOrder>('get', '/exports/orders/{id}', { params: { id }, signal }),
  })

export function decideOrder(
  id: string,
  decision: 'approved' | 'denied',
  reason: string,
): Promise<WaitingExport> {
  return call<typeof decideExportOrder>('post', '/exports/orders/{id}/decision', {
    params: { id },
    body: { decision, reason },
  })
}
