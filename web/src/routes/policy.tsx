/** Policy: what is in force, and the place where a new version is written, checked, tried and published. */
import { Button } from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Suspense, lazy, useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { policyCheckQuery, policyQuery, tryPolicy } from '../api/policy.ts'
import type { PolicyNow } from '../api/policy.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { BacktestPanel } from '../features/policy/backtest-panel.tsx'
import { CheckPanel } from '../features/policy/check-panel.tsx'
import { PublishDialog } from '../features/policy/publish-dialog.tsx'
import { VersionsPanel } from '../features/policy/versions-panel.tsx'
import classes from '../features/policy/policy.module.css'
import { DataTable } from '../ui/data-table.tsx'
import type { TableColumns } from '../ui/data-table.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

/** The editor is a third of the console: only who opens this page loads it. */
const PolicyEditor = lazy(async () => {
  const { PolicyEditor: component } = await import('../features/policy/policy-editor.tsx')
  return { default: component }
})

const CHECK_AFTER_MS = 500
const BACKTEST_DAYS = 7

export function Policy() {
  const policy = useQuery(policyQuery)
  if (policy.isPending) return <Skeleton rows={10} label="Loading the policy" />
  if (policy.isError)
    return <ProblemNotice error={policy.error} retry={() => void policy.refetch()} />
  return <PolicyPage now={policy.data} />
}

function PolicyPage({ now }: { readonly now: PolicyNow }) {
  const me = useMe()
  const mayCheck = mayCall(me, 'policy.check')
  const mayWrite = mayCall(me, 'policy.publish') && now.source !== 'file'
  const [draft, setDraft] = useState<string | null>(null)
  const text = draft ?? now.text
  const [settled] = useDebouncedValue(text, CHECK_AFTER_MS)
  const check = useQuery({
    ...policyCheckQuery(settled, mayCheck),
    placeholderData: keepPreviousData,
  })
  const backtest = useMutation({ mutationFn: () => tryPolicy(text, BACKTEST_DAYS) })
  const [isPublishing, publishing] = useDisclosure(false)
  const isChanged = text !== now.text
  return (
    <Page title="Policy" note={sourceOf(now)}>
      {now.refused !== '' && (
        <p className={classes.refused} role="alert">
          {visibleLine(now.refused, 300)}
        </p>
      )}
      <Panel title="Rules" note="in force">
        {now.rules.length === 0 ? (
          <Notice kind="empty" title="No policy is in force">
            <p>Without one every request passes, masked as the configuration says.</p>
            {mayWrite && draft === null && (
              <Button size="xs" onClick={() => setDraft(now.starter)}>
                Begin with the starter policy
              </Button>
            )}
          </Notice>
        ) : (
          <DataTable label="Rules" rows={now.rules} rowKey={({ id }) => id} columns={COLUMNS} />
        )}
      </Panel>
      {(text !== '' || mayWrite) && (
        <div className={classes.columns}>
          <Panel
            title="Text"
            note={mayWrite ? (isChanged ? 'not published' : '') : 'read only'}
            aside={
              <span className={classes.controls}>
                {mayCheck && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    loading={backtest.isPending}
                    disabled={check.data?.ok !== true}
                    onClick={() => backtest.mutate()}
                  >
                    Backtest {BACKTEST_DAYS} days
                  </Button>
                )}
                {mayWrite && isChanged && (
                  <Button size="compact-sm" variant="default" onClick={() => setDraft(null)}>
                    Discard
                  </Button>
                )}
                {mayWrite && (
                  <Button
                    size="compact-sm"
                    disabled={!isChanged || check.data?.ok !== true}
                    onClick={publishing.open}
                  >
                    Publish
                  </Button>
                )}
              </span>
            }
          >
            <Suspense fallback={<Skeleton rows={12} label="Loading the editor" />}>
              <PolicyEditor
                text={text}
                isReadOnly={!mayWrite}
                remarks={check.data?.remarks ?? []}
                onChange={setDraft}
              />
            </Suspense>
          </Panel>
          <div className={classes.side}>
            <CheckPanel check={check.data} />
            {backtest.isError && <ProblemNotice error={backtest.error} />}
            {backtest.isSuccess && <BacktestPanel report={backtest.data} />}
          </div>
        </div>
      )}
      {now.source !== 'file' && <VersionsPanel onTake={mayWrite ? setDraft : null} />}
      <PublishDialog
        isShown={isPublishing}
        text={text}
        basedOn={now.version}
        onClose={publishing.close}
        onPublished={() => {
          publishing.close()
          setDraft(null)
        }}
      />
    </Page>
  )
}

function sourceOf({ source, file, version, hash }: PolicyNow): string {
  if (source === 'file') return `${visibleLine(file, 120)}, policy ${hash.slice(0, 12)}`
  return source === 'console'
    ? `version ${version}, policy ${hash.slice(0, 12)}`
    : 'none is in force'
}

const COLUMNS: TableColumns<PolicyNow['rules'][number]> = [
  { title: 'Rule', cell: ({ id }) => id },
  { title: 'Title', cell: ({ title }) => visibleLine(title, 200) },
  { title: 'On', cell: ({ on }) => on.join(', ') },
  { title: 'Verdict', cell: ({ verdict }) => verdict },
  { title: 'Stage', cell: ({ stage }) => stage },
]
