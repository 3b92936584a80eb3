/** Writes docs/reference/clients.md from what a run of the real clients observed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reference', 'clients.md')
/** What stands behind it is made by the run of the agents. */
const AGENTS_MARK = '<!-- Made by test/agents (npm run clients). Do not edit. -->'

export interface Observed {
  readonly name: string
  readonly version: string
  /** Requests of one call that a rule denied. */
  readonly denied?: number
  readonly approved?: boolean
  readonly heldDenied?: number
  readonly joins?: string
  readonly expired?: boolean
  readonly restart?: boolean
  /** Requests of one call whose answer a rule ended midway. */
  readonly midway?: number
}

export function clientsPage(observed: readonly Observed[]): string {
  const rows = observed.map(
    ({ name, version, denied, approved, heldDenied, joins, expired, restart, midway }) =>
      [
        `${name} ${version}`,
        requests(denied),
        approved === true ? 'answered' : '–',
        requests(heldDenied),
        joins ?? '–',
        expired === true ? 'told once' : '–',
        restart === true ? 'finds its approval' : 'run again',
        requests(midway),
      ].join(' | '),
  )
  return `<!-- Made by test/clients/held.test.ts (UPDATE_CLIENTS=1). Do not edit. -->

# Clients that are held

What the real clients do when a rule denies or holds their request, as observed by the test suite with these versions. In every row
the provider received nothing before an approval, and nothing at all after a denial or an expiry; the message that the user reads
names the rule, and for held requests the reference of the approval.

| client | denied | held, then approved | held, then denied | time of the caller over | nobody decides | gateway restarts | answer ended midway |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

- *denied*, *held, then denied*: how many requests the client made in all. One means that it did not send the prompt again.
- *time of the caller over*: after \`approvals.hold.budget\` (240 s; less where the client says that it gives up earlier).
- *gateway restarts*: the client's connection ends with 503 and \`Retry-After\`; clients without retries are run again.
- *answer ended midway*: how many requests the client made when a rule on answers ended its stream; each raises an error that names the rule.
`
}

const requests = (count: number | undefined): string =>
  count === undefined ? '–' : count === 1 ? '1 request' : `${count} requests`

/** Writes or checks the part that `test/clients` observes; the part of the agents stays. */
export function keepClients(page: string, isUpdate: boolean): { was: string; is: string } {
  const known = readFileSync(PAGE, 'utf8')
  const at = known.indexOf(AGENTS_MARK)
  const is = at < 0 ? page : `${page}\n${known.slice(at)}`
  if (isUpdate) writeFileSync(PAGE, is)
  return { was: known, is }
}

export function keepAgents(table: string): void {
  const known = readFileSync(PAGE, 'utf8')
  const at = known.indexOf(AGENTS_MARK)
  const before = at < 0 ? `${known}\n` : known.slice(0, at)
  writeFileSync(PAGE, `${before}${AGENTS_MARK}\n${table}`)
}

export function agentsTable(observed: readonly Observed[]): string {
  const rows = observed.map(
    ({ name, version, denied, approved, heldDenied, joins, expired, restart, midway }) =>
      `| ${[
        `${name} ${version}`,
        requests(denied),
        approved === true ? 'answered' : '–',
        requests(heldDenied),
        joins ?? '–',
        expired === true ? 'told once' : '–',
        restart === true ? 'finds its approval' : 'run again',
        requests(midway),
      ].join(' | ')} |`,
  )
  return `
## Agents

The same with the command lines of Claude Code and Codex as npm has them, by \`npm run clients\`, which installs them into a folder of its own.

| agent | denied | held, then approved | held, then denied | time of the caller over | nobody decides | gateway restarts | answer ended midway |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

- Claude Code (its user agent begins with \`claude-cli/\`) is told a final no with status 451: it answers 400 and 422 by sending the whole prompt five
  times more, without one feature after the other, and takes 403 for a failed login. Every other client is told 400.
- An answer of Claude Code that a rule ends midway ends with a text of the gateway, as if the model had said it: it shows no error event of a stream. After a
  tool call or in the middle of reasoning it is the error event all the same, so that nothing half said looks finished.
- Codex takes \`response.failed\` with the code \`invalid_prompt\` for final, and sends the prompt again after every other end.
`
}
