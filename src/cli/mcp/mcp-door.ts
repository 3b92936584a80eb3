/** Serves MCP over HTTP on the control plane: each message stands alone, and each tool is a call of the same API with the token that came with it. */
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { API_PREFIX } from '../../api/contract/common.ts'
import { readMe } from '../../api/contract/access.ts'
import { createApiClient } from '../remote/api-client.ts'
import { createMcpServer } from './mcp-server.ts'

/** Calls the API in this process, by all its guards. */
export type ApiFetch = (request: Request) => Promise<Response>

/**
 * Threat: a cookie goes along with whatever a browser is made to send. Only a token counts here, and whoever has none that
 * the API takes is told so before anything is read.
 */
export async function answerMcp(
  request: Request,
  api: ApiFetch,
  nowMs: () => number,
): Promise<Response> {
  const { origin } = new URL(request.url)
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
  const known = await api(new Request(`${origin}${API_PREFIX}${readMe.path}`, { headers }))
  if (!known.ok) return refusal(known)
  if (request.method !== 'POST') {
    // No session, so nothing to listen to and nothing to end.
    return new Response(null, { status: 405, headers: { allow: 'POST' } })
  }
  const plane = createApiClient(origin, token, (target, init) => api(new Request(target, init)))
  const server = createMcpServer(plane, nowMs)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  try {
    await server.connect(transport)
    return await transport.handleRequest(request)
  } finally {
    await server.close()
  }
}

function refusal(known: Response): Response {
  const answer = new Response(known.body, known)
  if (known.status === 401) answer.headers.set('www-authenticate', 'Bearer realm="custody"')
  return answer
}
