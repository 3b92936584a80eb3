/** The command line: one file per command, registered here in the order of `custody --help`. */
import { Command, CommanderError } from 'commander'
import { ConfigRefused } from './load.ts'
import { registerConfig } from './commands/config.ts'
import { registerExchanges } from './commands/exchanges.ts'
import { registerKeys } from './commands/keys.ts'
import { registerLoginLink } from './commands/login-link.ts'
import { registerReindex } from './commands/reindex.ts'
import { registerReplay } from './commands/replay.ts'
import { registerScan } from './commands/scan.ts'
import { registerShow } from './commands/show.ts'
import { registerTail } from './commands/tail.ts'
import { registerUp } from './commands/up.ts'
import { EXIT, failWith, say } from './output.ts'
import { RemoteFailure } from './remote/remote-failure.ts'
import { VERSION } from '../app/version.ts'
import { GatewayError } from '../model/errors.ts'

const COMMANDS = [
  registerUp,
  registerKeys,
  registerLoginLink,
  registerExchanges,
  registerShow,
  registerReplay,
  registerTail,
  registerReindex,
  registerScan,
  registerConfig,
] as const

/** Never rejects; sets the exit code. */
export async function runCli(argv: readonly string[]): Promise<void> {
  const program = new Command('custody')
    .description('Flight recorder and control plane for LLM traffic.')
    .version(VERSION)
    .showHelpAfterError('(custody --help lists the commands)')
    .exitOverride()
  for (const register of COMMANDS) register(program)
  // A reader that closed the pipe (`custody exchanges | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    throw error
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    explain(error)
  }
}

function explain(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else if (error instanceof ConfigRefused) {
    for (const line of error.lines) say(line)
    process.exitCode = EXIT.usage
  } else if (error instanceof RemoteFailure) {
    failWith(error.exit, error.message, error.hint)
  } else if (error instanceof GatewayError) {
    failWith(EXIT.failed, error.message, error.hint)
  } else {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    failWith(EXIT.failed, error instanceof Error ? error.message : String(error), HINTS[code] ?? '')
    if (process.env['DEBUG'] === 'custody' && error instanceof Error) say(error.stack ?? '')
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another process listens there; choose another with --listen or --admin, or port 0 for any free one',
  EACCES: 'check the owner and mode of the data folder, or use a port above 1023',
  ENOSPC: 'the disk is full',
  ENOENT: 'check --data',
}
