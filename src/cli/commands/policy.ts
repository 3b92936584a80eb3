/** `custody policy …`: check, test, explain, backtest, diff, schema, init. */
import type { Command } from 'commander'
import { policyJsonSchemaText } from '../../config/policy/json-schema.ts'
import { backtestPolicy } from '../policy/backtest.ts'
import { checkPolicy, testPolicy } from '../policy/check.ts'
import { diffPolicies } from '../policy/diff.ts'
import { explainExchange } from '../policy/explain.ts'
import { initPolicy } from '../policy/init.ts'
import { withServer } from '../remote/server-options.ts'
import { terminal } from '../terminal.ts'

export function registerPolicy(program: Command): void {
  const policy = program
    .command('policy')
    .description('Check, test, explain and backtest the policy.')
  common(policy.command('check'))
    .description('Report every problem and doubt of a policy; exit code 2 when there is a problem.')
    .argument('[file]', 'policy file (default: the one custody.yaml names)')
    .option('--strict', 'exit code 1 when there is a doubt')
    .action(checkPolicy)
  common(policy.command('test'))
    .description('Run the tests of the rules; exit code 1 when one fails.')
    .argument('[file]', 'policy file (default: the one custody.yaml names)')
    .action(testPolicy)
  withServer(common(policy.command('explain')))
    .description('Say of every rule why it fired on a recorded exchange, or did not.')
    .argument('<exchange>', 'exchange id')
    .option('--policy <file>', 'another policy file (default: the policy of that time)')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .action(explainExchange)
  common(policy.command('backtest'))
    .description('Run a policy over recorded exchanges and say what would have changed.')
    .option('--policy <file>', 'another policy file')
    .option('--deep', 'look into every text again')
    .option('--since <duration>', 'how far back, such as 24h or 7d', '7d')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .action(backtestPolicy)
  common(policy.command('diff'))
    .description('Say which rules differ between two policies.')
    .argument('<old>', 'policy file')
    .argument('[new]', 'policy file (default: the one custody.yaml names)')
    .action(diffPolicies)
  policy
    .command('schema')
    .description('Print the JSON Schema of policy files, for editors.')
    .action(() => {
      terminal().out.write(policyJsonSchemaText())
    })
  policy
    .command('init')
    .description('Write a starter policy that is useful on the first day.')
    .argument('[file]', 'file to make', 'policy.yaml')
    .action(initPolicy)
}

function common(command: Command): Command {
  return command.option('--config <file>', 'custody.yaml').option('--json', 'one JSON document')
}
