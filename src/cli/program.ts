/** Every command and option of the command line, in the order of `custody --help`. */
import { Command } from 'commander'
import { registerApprovals } from './commands/approvals.ts'
import { registerConfig } from './commands/config.ts'
import { registerDemo } from './commands/demo.ts'
import { registerEvidence } from './commands/evidence.ts'
import { registerErase } from './commands/erase.ts'
import { registerExchanges } from './commands/exchanges.ts'
import { registerExport } from './commands/export.ts'
import { registerHolds } from './commands/holds.ts'
import { registerKeys } from './commands/keys.ts'
import { registerLocks } from './commands/locks.ts'
import { registerLoginLink } from './commands/login-link.ts'
import { registerMcp } from './commands/mcp.ts'
import { registerProof } from './commands/proof.ts'
import { registerPolicy } from './commands/policy.ts'
import { registerReindex } from './commands/reindex.ts'
import { registerReplay } from './commands/replay.ts'
import { registerRetention } from './commands/retention.ts'
import { registerScan } from './commands/scan.ts'
import { registerShow } from './commands/show.ts'
import { registerTail } from './commands/tail.ts'
import { registerTrace } from './commands/trace.ts'
import { registerToken } from './commands/token.ts'
import { registerUp } from './commands/up.ts'
import { registerVerify } from './commands/verify.ts'
import { registerWitness } from './commands/witness.ts'
import { VERSION } from '../app/version.ts'

const COMMANDS = [
  registerUp,
  registerDemo,
  registerKeys,
  registerLocks,
  registerLoginLink,
  registerToken,
  registerApprovals,
  registerExchanges,
  registerShow,
  registerReplay,
  registerTail,
  registerTrace,
  registerMcp,
  registerReindex,
  registerHolds,
  registerRetention,
  registerErase,
  registerExport,
  registerVerify,
  registerProof,
  registerEvidence,
  registerWitness,
  registerScan,
  registerConfig,
  registerPolicy,
] as const

/** Ends nothing by itself: help and usage errors are thrown as `CommanderError`. */
export function createProgram(): Command {
  const program = new Command('custody')
    .description('Flight recorder and control plane for LLM traffic.')
    .version(VERSION)
    .showHelpAfterError('(custody --help lists the commands)')
    .exitOverride()
  for (const register of COMMANDS) register(program)
  return program
}
