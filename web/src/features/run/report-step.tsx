/** Report: everything pinned is held, reported and handed out as a signed bundle that others check without this gateway. */
import { Button, TextInput } from '@mantine/core'
import { IconDownload, IconShieldLock } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { exportFile } from '../../api/exports.ts'
import { holdsQuery, makeHold } from '../../api/keeping.ts'
import type { RunState } from '../../api/runs.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Panel } from '../../ui/panel.tsx'
import { RecipientsField, recipientsIn } from '../exports/recipients-field.tsx'
import forms from '../../ui/form.module.css'
import classes from './run.module.css'

interface ReportStepProps {
  readonly state: RunState
  readonly onDone: () => Promise<void>
}

export function ReportStep(props: ReportStepProps) {
  const { id } = props.state.case
  return (
    <>
      <CaseHold {...props} />
      <Panel
        title="Report"
        note="an executive page and a technical annex, without prompts and answers"
      >
        <p className={`${classes.form} ${classes.links}`}>
          <a href={`/api/v1/cases/${id}/report?format=pdf`} download>
            PDF
          </a>
          <a href={`/api/v1/cases/${id}/report`} download>
            HTML
          </a>
        </p>
      </Panel>
      <CaseBundle {...props} />
    </>
  )
}

function CaseHold({ state, onDone }: ReportStepProps) {
  const client = useQueryClient()
  const { exposure, done } = state
  const { exchanges, firstAtMs, lastAtMs } = exposure
  const hold = useMutation({
    mutationFn: () =>
      makeHold(
        { kind: 'case', case: state.case.id, exchanges },
        `Case #${state.case.number}: kept until the case is over`,
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: holdsQuery.queryKey })
      await onDone()
    },
  })
  return (
    <Panel title="Legal hold" note="nothing of it is erased until another person releases it">
      <div className={`${forms.form} ${classes.form}`}>
        <p>
          Holds the {formatCount(exchanges.length)} pinned exchanges
          {firstAtMs !== null && lastAtMs !== null && (
            <>
              , from <Moment ms={firstAtMs} day /> to <Moment ms={lastAtMs} day />
            </>
          )}
          : by age they would go when their retention class says so.
        </p>
        <FormProblem error={hold.error} />
        <div className={forms.row}>
          {done.held ? (
            <span className={classes.done}>They are held.</span>
          ) : (
            <Button
              variant="default"
              leftSection={<IconShieldLock size={16} />}
              disabled={exchanges.length === 0}
              loading={hold.isPending}
              onClick={() => hold.mutate()}
            >
              Hold them
            </Button>
          )}
        </div>
      </div>
    </Panel>
  )
}

function CaseBundle({ state, onDone }: ReportStepProps) {
  const [recipients, setRecipients] = useState('')
  const [reason, setReason] = useState(`Case #${state.case.number}: evidence for those who decide`)
  const { exchanges } = state.exposure
  const save = useMutation({
    mutationFn: async () => {
      const exported = await exportFile({
        exchanges,
        exhibit: `case-${state.case.number}`,
        case: state.case.id,
        content: 'masked',
        formats: ['jsonl'],
        recipients: recipientsIn(recipients),
        reason: reason.trim(),
      })
      await onDone()
      return exported
    },
  })
  return (
    <Panel
      title="Signed bundle"
      note="checked by anybody with custody verify, without this gateway"
    >
      <form
        className={`${forms.form} ${classes.form}`}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <TextInput
          label="Reason"
          description="Recorded before anything leaves"
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <RecipientsField text={recipients} onChange={setRecipients} />
        <FormProblem error={save.error} />
        {save.data?.kind === 'waits' && (
          <p className={classes.done} role="status">
            Nothing has left yet: another person must approve it. It waits as{' '}
            <Link to="/approvals" search={{ show: 'exports' }}>
              {save.data.order}
            </Link>
            .
          </p>
        )}
        {save.data?.kind === 'saved' && (
          <p className={classes.done} role="status">
            {save.data.name} holds the records with their proofs, content masked. Check it: custody
            verify {save.data.name} --policy trusted.txt, with the key of the log (page Evidence) in
            that file.
          </p>
        )}
        <div className={forms.row}>
          <Button
            type="submit"
            leftSection={<IconDownload size={16} />}
            disabled={exchanges.length === 0 || reason.trim().length < 10}
            loading={save.isPending}
          >
            Save the bundle
          </Button>
        </div>
      </form>
    </Panel>
  )
}
