/** `custody mcp`: serves a responder's model on standard input and output, with the token of the person. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { createMcpServer } from '../mcp/mcp-server.ts'
import { say } from '../output.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { serverFor, withServer } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'

export function registerMcp(program: Command): void {
  withServer(
    program
      .command('mcp')
      .description('search, trace and read exchanges as tools of an MCP client, over stdio'),
  ).action(mcp)
}

/** Ends with its standard input. */
async function mcp(options: ServerOptions): Promise<void> {
  const api = serverFor(options)
  if (api === null) {
    throw usageFailure(
      'there is no control plane to ask',
      'name it with --server or CUSTODY_SERVER, and put your API token in CUSTODY_TOKEN',
    )
  }
  // Standard output belongs to the protocol.
  say(`serving MCP for ${api.baseUrl}; content is masked`)
  await createMcpServer(api, () => systemClock.nowMs()).connect(new StdioServerTransport())
}
