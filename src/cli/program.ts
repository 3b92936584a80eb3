/** Every command and option of the command line, in the order of `custody --help`; a command loads only what it needs. */
import { Command } from 'commander'
import { VERSION } from '../app/version.ts'
import { terminal } from './terminal.ts'

interface CommandFile {
  /** Words of the command line that it answers. */
  readonly names: readonly string[]
  readonly register: (program: Command) => Promise<void>
}

const COMMANDS: readonly CommandFile[] = [
  {
    names: ['up'],
    register: async (program) => (await import('./commands/up.ts')).registerUp(program),
  },
  {
    names: ['demo'],
    register: async (program) => (await import('./commands/demo.ts')).registerDemo(program),
  },
  {
    names: ['keys'],
    register: async (program) => (await import('./commands/keys.ts')).registerKeys(program),
  },
  {
    names: ['lock', 'unlock', 'locks'],
    register: async (program) => (await import('./commands/locks.ts')).registerLocks(program),
  },
  {
    names: ['trust'],
    register: async (program) => (await import('./commands/trust.ts')).registerTrust(program),
  },
  {
    names: ['people'],
    register: async (program) => (await import('./commands/people.ts')).registerPeople(program),
  },
  {
    names: ['login-link'],
    register: async (program) =>
      (await import('./commands/login-link.ts')).registerLoginLink(program),
  },
  {
    names: ['token'],
    register: async (program) => (await import('./commands/token.ts')).registerToken(program),
  },
  {
    names: ['connect', 'disconnect'],
    register: async (program) => (await import('./commands/connect.ts')).registerConnect(program),
  },
  {
    names: ['approvals'],
    register: async (program) =>
      (await import('./commands/approvals.ts')).registerApprovals(program),
  },
  {
    names: ['exchanges'],
    register: async (program) =>
      (await import('./commands/exchanges.ts')).registerExchanges(program),
  },
  {
    names: ['findings'],
    register: async (program) => (await import('./commands/findings.ts')).registerFindings(program),
  },
  {
    names: ['show'],
    register: async (program) => (await import('./commands/show.ts')).registerShow(program),
  },
  {
    names: ['replay'],
    register: async (program) => (await import('./commands/replay.ts')).registerReplay(program),
  },
  {
    names: ['tail'],
    register: async (program) => (await import('./commands/tail.ts')).registerTail(program),
  },
  {
    names: ['trace'],
    register: async (program) => (await import('./commands/trace.ts')).registerTrace(program),
  },
  {
    names: ['mcp'],
    register: async (program) => (await import('./commands/mcp.ts')).registerMcp(program),
  },
  {
    names: ['reindex'],
    register: async (program) => (await import('./commands/reindex.ts')).registerReindex(program),
  },
  {
    names: ['alerts'],
    register: async (program) => (await import('./commands/alerts.ts')).registerAlerts(program),
  },
  {
    names: ['dead-letters'],
    register: async (program) =>
      (await import('./commands/dead-letters.ts')).registerDeadLetters(program),
  },
  {
    names: ['holds'],
    register: async (program) => (await import('./commands/holds.ts')).registerHolds(program),
  },
  {
    names: ['retention'],
    register: async (program) =>
      (await import('./commands/retention.ts')).registerRetention(program),
  },
  {
    names: ['erase'],
    register: async (program) => (await import('./commands/erase.ts')).registerErase(program),
  },
  {
    names: ['erasures'],
    register: async (program) => (await import('./commands/erasures.ts')).registerErasures(program),
  },
  {
    names: ['export'],
    register: async (program) => (await import('./commands/export.ts')).registerExport(program),
  },
  {
    names: ['verify'],
    register: async (program) => (await import('./commands/verify.ts')).registerVerify(program),
  },
  {
    names: ['proof'],
    register: async (program) => (await import('./commands/proof.ts')).registerProof(program),
  },
  {
    names: ['exports'],
    register: async (program) => (await import('./commands/exports.ts')).registerExports(program),
  },
  {
    names: ['keyring'],
    register: async (program) => (await import('./commands/keyring.ts')).registerKeyring(program),
  },
  {
    names: ['witness'],
    register: async (program) => (await import('./commands/witness.ts')).registerWitness(program),
  },
  {
    names: ['scan'],
    register: async (program) => (await import('./commands/scan.ts')).registerScan(program),
  },
  {
    names: ['config'],
    register: async (program) => (await import('./commands/config.ts')).registerConfig(program),
  },
  {
    names: ['policy'],
    register: async (program) => (await import('./commands/policy.ts')).registerPolicy(program),
  },
]

/**
 * Ends nothing by itself: help and usage errors are thrown as `CommanderError`. Where `argv` begins with a command,
 * only that one is known to the program: reading all of them costs a short command half its time.
 */
export async function createProgram(argv: readonly string[] = []): Promise<Command> {
  const program = new Command('custody')
    .description('Flight recorder and control plane for LLM traffic.')
    .version(VERSION)
    .showHelpAfterError('(custody --help lists the commands)')
    .configureOutput({
      writeOut: (text) => terminal().out.write(text),
      writeErr: (text) => terminal().err.write(text),
    })
    .exitOverride()
  const named = COMMANDS.filter(({ names }) => names.includes(argv[0] ?? ''))
  for (const { register } of named.length === 0 ? COMMANDS : named) await register(program)
  return program
}
