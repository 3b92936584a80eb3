/** Live tokens that were made by exchange: by which rule, for whom, set off by whom, until when; each can be ended. */
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { exchangedTokensQuery, revokeToken } from '../../api/trust-rules.ts'
import type { ExchangedToken } from '../../api/trust-rules.ts'
import { mayCall, useMe } from '../access/me.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { FormProblem } from '../../ui/form-problem.tsx'
import { Moment } from '../../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import classes from '../../ui/form.module.css'

export function ExchangedTokens() {
  const me = useMe()
  const client = useQueryClient()
  const tokens = useQuery(exchangedTokensQuery)
  const revoke = useMutation({
    mutationFn: revokeToken,
    onSettled: () => client.invalidateQueries({ queryKey: exchangedTokensQuery.queryKey }),
  })
  const items = tokens.data?.items ?? []
  return (
    <Panel title="Tokens made by exchange" note="those that live now, newest first">
      {tokens.isPending && <Skeleton rows={3} label="Loading tokens" />}
      {tokens.isError && <ProblemNotice error={tokens.error} retry={() => void tokens.refetch()} />}
      {tokens.data !== undefined && items.length === 0 && (
        <Notice kind="empty" title="No token lives">
          <p>Jobs that exchange their own token for one of Custody are listed here.</p>
        </Notice>
      )}
      <FormProblem error={revoke.error} />
      {items.length > 0 && (
        <DataTable
          label="Tokens made by exchange"
          rows={items}
          rowKey={({ id }) => id}
          columns={tokenColumns(mayCall(me, 'trust.revoke-token') ? revoke.mutate : null)}
        />
      )}
    </Panel>
  )
}

function tokenColumns(
  /** Null for who may not. */
  onRevoke: ((id: string) => void) | null,
): TableColumns<ExchangedToken> {
  return [
    {
      title: 'For',
      cell: ({ principal, id }) => (
        <span className={classes.two}>
          {visibleLine(principal, 120)}
          <small className={classes.mono}>{id}</small>
        </span>
      ),
    },
    { title: 'Rule', cell: ({ rule }) => visibleLine(rule, 80) },
    { title: 'Set off by', cell: ({ actor }) => visibleLine(actor, 80) || '–' },
    { title: 'By', cell: ({ grantType }) => grantType },
    { title: 'Since', cell: ({ issuedAtMs }) => <Moment ms={issuedAtMs} /> },
    { title: 'Until', cell: ({ expiresAtMs }) => <Moment ms={expiresAtMs} /> },
    {
      title: 'Controls',
      isEnd: true,
      cell: ({ id, principal }) =>
        onRevoke !== null && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`Revoke the token of ${visibleLine(principal, 60)}`}
            onClick={() => onRevoke(id)}
          >
            Revoke
          </Button>
        ),
    },
  ]
}
