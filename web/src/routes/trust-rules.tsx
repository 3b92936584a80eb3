/** Trust rules: which callers need no stored secret, who answers for that, and the tokens they were given. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconPlus } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { giveRule, removeRule, trustRulesQuery } from '../api/trust-rules.ts'
import type { TrustRule } from '../api/trust-rules.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { HandOverDialog } from '../features/people/hand-over-dialog.tsx'
import { ExchangedTokens } from '../features/trust-rules/exchanged-tokens.tsx'
import { RuleDialog } from '../features/trust-rules/rule-dialog.tsx'
import { RuleTable } from '../features/trust-rules/rule-table.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { formatCount } from '../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

export function TrustRules() {
  if (!mayCall(useMe(), 'trust.list'))
    return (
      <Page title="Trust rules">
        <Notice kind="denied" title="Your roles do not list trust rules">
          <p>Admins, investigators and auditors see who is let in without a key.</p>
        </Notice>
      </Page>
    )
  return <RuleList />
}

function RuleList() {
  const me = useMe()
  const client = useQueryClient()
  const rules = useQuery(trustRulesQuery)
  const [edited, setEdited] = useState<TrustRule | 'new' | null>(null)
  const [given, setGiven] = useState<TrustRule | null>(null)
  const [renewed, setRenewed] = useState<TrustRule | null>(null)
  const [ending, setEnding] = useState<TrustRule | null>(null)
  const mayCreate = mayCall(me, 'trust.create')
  const refresh = (): Promise<void> =>
    client.invalidateQueries({ queryKey: trustRulesQuery.queryKey })
  useShortcuts(
    mayCreate
      ? [{ keys: 'n', says: 'New trust rule', group: 'Trust rules', run: () => setEdited('new') }]
      : [],
  )
  const items = rules.data?.items ?? []
  return (
    <Page
      title="Trust rules"
      note={
        rules.data === undefined
          ? ''
          : `${formatCount(items.filter(({ ended }) => ended === null).length)} in force`
      }
      aside={
        mayCreate && (
          <Button
            leftSection={<IconPlus size={16} />}
            size="compact-md"
            onClick={() => setEdited('new')}
          >
            New trust rule
          </Button>
        )
      }
    >
      <Panel title="Callers without a stored secret" note="those of custody.yaml are changed there">
        {rules.isPending && <Skeleton label="Loading trust rules" />}
        {rules.isError && <ProblemNotice error={rules.error} retry={() => void rules.refetch()} />}
        {rules.data !== undefined && items.length === 0 && (
          <Notice kind="empty" title="No trust rules yet">
            <p>A rule lets CI jobs, pods and people in by the token or certificate they have.</p>
          </Notice>
        )}
        {items.length > 0 && (
          <RuleTable
            rules={items}
            mayChange={mayCall(me, 'trust.update')}
            onEdit={setEdited}
            onHandOver={setGiven}
            onRenew={setRenewed}
            onRemove={setEnding}
          />
        )}
      </Panel>
      {mayCall(me, 'trust.tokens') && <ExchangedTokens />}
      <RuleDialog edited={edited} onClose={() => setEdited(null)} />
      <HandOverDialog
        kind="trust rule"
        owned={given}
        give={async (owner) => {
          await giveRule(given?.name ?? '', owner)
          await refresh()
        }}
        onClose={() => setGiven(null)}
      />
      <ConfirmDialog
        title="Renew this trust rule?"
        verb="Renew"
        color="blue"
        isShown={renewed !== null}
        onClose={() => setRenewed(null)}
        onConfirm={async () => {
          await giveRule(renewed?.name ?? '', renewed?.owner ?? '')
          await refresh()
          notifications.show({ message: 'The rule is renewed.' })
        }}
      >
        <p>
          {visibleLine(renewed?.owner ?? '', 120)} goes on answering for{' '}
          <strong>{visibleLine(renewed?.name ?? '', 80)}</strong>, and it lets callers in as before.
          That is evidence.
        </p>
      </ConfirmDialog>
      <ConfirmDialog
        title="Remove this trust rule?"
        verb="Remove"
        isShown={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          await removeRule(ending?.name ?? '')
          await refresh()
          notifications.show({ message: 'The rule is removed.' })
        }}
      >
        <p>
          Callers that <strong>{visibleLine(ending?.name ?? '', 80)}</strong> lets in are refused
          from their next request on, and the tokens it made end.
        </p>
      </ConfirmDialog>
    </Page>
  )
}
