/** Writes docs/reference/clients.md from what a run of the real clients observed. */

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
}

export function clientsPage(observed: readonly Observed[]): string {
  const rows = observed.map(
    ({ name, version, denied, approved, heldDenied, joins, expired, restart }) =>
      [
        `${name} ${version}`,
        requests(denied),
        approved === true ? 'answered' : '–',
        requests(heldDenied),
        joins ?? '–',
        expired === true ? 'told once' : '–',
        restart === true ? 'finds its approval' : 'run again',
      ].join(' | '),
  )
  return `<!-- Made by test/clients/held.test.ts (UPDATE_CLIENTS=1). Do not edit. -->

# Clients that are held

What the real clients do when a rule denies or holds their request, as observed by the test suite with these versions. In every row
the provider received nothing before an approval, and nothing at all after a denial or an expiry; the message that the user reads
names the rule, and for held requests the reference of the approval.

| client | denied | held, then approved | held, then denied | time of the caller over | nobody decides | gateway restarts |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

- *denied*, *held, then denied*: how many requests the client made in all. One means that it did not send the prompt again.
- *time of the caller over*: after \`approvals.hold.budget\` (240 s; less where the client says that it gives up earlier).
- *gateway restarts*: the client's connection ends with 503 and \`Retry-After\`; clients without retries are run again.
`
}

const requests = (count: number | undefined): string =>
  count === undefined ? '–' : count === 1 ? '1 request' : `${count} requests`
