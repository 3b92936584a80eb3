/** Runs the command line and turns every failure into words and an exit code. */
import { CommanderError } from 'commander'
import { errorCode } from '../lib/error-code.ts'
import { ConfigRefused } from './load.ts'
import { createProgram } from './program.ts'
import { EXIT, failWith, say } from './output.ts'
import { RemoteFailure } from './remote/remote-failure.ts'
import { GatewayError } from '../model/errors.ts'
import { terminal } from './terminal.ts'

/** The command line of this process: ends it where its output cannot be written (`custody exchanges | head`, a full disk). */
export async function runProcess(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    failWith(EXIT.failed, `standard output: ${error.message}`, HINTS[error.code ?? ''] ?? '')
    process.exit(EXIT.failed)
  })
  // Words that nobody can read must not end a gateway that drains.
  process.stderr.on('error', () => undefined)
  await runCli(argv)
}

/** Never rejects; sets the exit code of its terminal. */
export async function runCli(argv: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(argv)
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    explain(error)
  }
}

function explain(error: unknown): void {
  if (error instanceof CommanderError) {
    terminal().exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else if (error instanceof ConfigRefused) {
    for (const line of error.lines) say(line)
    terminal().exitCode = EXIT.usage
  } else if (error instanceof RemoteFailure) {
    failWith(error.exit, error.message, error.hint)
  } else if (error instanceof GatewayError) {
    failWith(EXIT.failed, error.message, error.hint)
  } else {
    const words = error instanceof Error ? error.message : String(error)
    failWith(EXIT.failed, words, HINTS[errorCode(error)] ?? '')
    if (terminal().env['DEBUG'] === 'custody' && error instanceof Error) say(error.stack ?? '')
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another process listens there; choose another with --listen or --admin, or port 0 for any free one',
  EADDRNOTAVAIL: 'this machine has no such address; --listen 0.0.0.0:PORT takes all it has',
  ENOTFOUND: 'the name has no address; check --listen, --admin or the host that the message names',
  EACCES: 'check the owner and mode of the data folder, or use a port above 1023',
  ENOSPC: 'the disk is full',
  ENOENT: 'check --data',
}
