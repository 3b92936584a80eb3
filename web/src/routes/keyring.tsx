/** Keyring: which keys protect the evidence, how old they are, how far a rotation has come, and who made each step. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { keyringQuery, keyringStepsQuery } from '../api/keyring.ts'
import { EpochTable } from '../features/keyring/epoch-table.tsx'
import { LogKeyTable } from '../features/keyring/log-key-table.tsx'
import { RootKeyPanel } from '../features/keyring/root-key-panel.tsx'
import { StepTable } from '../features/keyring/step-table.tsx'
import { formatCount } from '../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

export function KeyringPage() {
  const keyring = useQuery(keyringQuery)
  const steps = useQuery(keyringStepsQuery)
  const events = steps.data?.items ?? []
  return (
    <Page
      title="Keyring"
      note="keys that protect the evidence, by their ids"
      aside={<Link to="/evidence">Evidence</Link>}
    >
      {keyring.isPending && <Skeleton rows={8} label="Loading the keyring" />}
      {keyring.isError && (
        <ProblemNotice error={keyring.error} retry={() => void keyring.refetch()} />
      )}
      {keyring.data !== undefined && (
        <>
          <RootKeyPanel root={keyring.data.root} events={events} />
          <Panel title="Log keys" note="sign the checkpoints of the transparency log">
            <LogKeyTable keys={keyring.data.logKeys} events={events} />
          </Panel>
          <Panel
            title="Epoch keys"
            note={`of ${formatCount(keyring.data.root.segments)} ${keyring.data.root.segments === 1 ? 'segment' : 'segments'}, one key for each retention class; the newest are listed`}
          >
            <EpochTable root={keyring.data.root} />
          </Panel>
        </>
      )}
      <Panel title="Steps" note="who changed which key, from the evidence itself">
        {steps.isPending && <Skeleton rows={3} label="Loading steps" />}
        {steps.isError && <ProblemNotice error={steps.error} retry={() => void steps.refetch()} />}
        {steps.isSuccess && events.length === 0 && (
          <Notice kind="empty" title="No key was ever changed">
            <p>Each step of a rotation stands here, with who made it and when.</p>
          </Notice>
        )}
        {events.length > 0 && <StepTable events={events} />}
      </Panel>
    </Page>
  )
}
