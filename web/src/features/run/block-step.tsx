/** Block: a rule by the values that leaked or by words of the text, shown with what it would have done, published by policy authors. */
import { Button, Checkbox, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { addEntry } from '../../api/cases.ts'
import { publishVersion } from '../../api/policy.ts'
import { tryRule } from '../../api/runs.ts'
import type { RunRule, RunState } from '../../api/runs.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FormProblem } from '../../ui/form-problem.tsx'
import { formatCount } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import forms from '../../ui/form.module.css'
import { mayCall, useMe } from '../access/me.ts'
import { BacktestPanel } from '../policy/backtest-panel.tsx'
import { useAsked } from './memory.ts'
import { phraseOf } from './steps.ts'
import classes from './run.module.css'

interface BlockStepProps {
  readonly state: RunState
  readonly onDone: () => Promise<void>
}

const DAYS = 30

export function BlockStep({ state, onDone }: BlockStepProps) {
  const asked = useAsked(state.case.id)
  const pinned = state.exposure.exchanges.length
  // A value that every exposed exchange sent is part of what leaked, as like as not.
  const likely = state.values.filter(({ exchanges }) => exchanges === pinned)
  const [values, setValues] = useState<readonly string[]>(
    likely.map(({ fingerprint }) => fingerprint),
  )
  const [phrase, setPhrase] = useState(
    likely.length > 0 || asked === null ? '' : phraseOf(asked.text),
  )
  const findings = state.values.filter(({ fingerprint }) => values.includes(fingerprint))
  const rule = useMutation({
    mutationFn: () =>
      tryRule(state.case.id, {
        phrase: phrase.trim(),
        findings:
          phrase.trim() === ''
            ? findings.map(({ entity, fingerprint }) => ({ entity, fingerprint }))
            : [],
        days: DAYS,
      }),
    gcTime: 0,
  })
  return (
    <>
      <Panel title="Block" note="so that it is not sent again, by anybody">
        <form
          className={`${forms.form} ${classes.form}`}
          onSubmit={(event) => {
            event.preventDefault()
            if (phrase.trim() !== '' || findings.length > 0) rule.mutate()
          }}
        >
          {state.values.length > 0 && (
            <Checkbox.Group
              label="Values that the exposed exchanges sent, by fingerprint"
              description="The rule knows them by their digest and holds none of them"
              value={[...values]}
              onChange={setValues}
            >
              <div className={`${forms.checks} ${forms.options}`}>
                {state.values.slice(0, 8).map(({ entity, fingerprint, exchanges }) => (
                  <Checkbox
                    key={fingerprint}
                    size="xs"
                    value={fingerprint}
                    label={`${visibleLine(entity, 60)} ${fingerprint.slice(0, 16)}, in ${formatCount(exchanges)} of ${formatCount(pinned)}`}
                  />
                ))}
              </div>
            </Checkbox.Group>
          )}
          <Textarea
            label={state.values.length > 0 ? 'Or words of the text' : 'Words of the text'}
            description="Whoever reads the policy reads them; take few, and none that is secret by itself"
            autosize
            minRows={2}
            maxLength={400}
            value={phrase}
            onChange={(event) => setPhrase(event.target.value)}
          />
          <FormProblem error={rule.error} />
          <div className={forms.row}>
            <Button
              type="submit"
              disabled={phrase.trim() === '' && findings.length === 0}
              loading={rule.isPending}
            >
              Try it on {DAYS} days
            </Button>
          </div>
        </form>
      </Panel>
      {rule.isSuccess && <Proposal state={state} rule={rule.data} onDone={onDone} />}
    </>
  )
}

interface ProposalProps extends BlockStepProps {
  readonly rule: RunRule
}

function Proposal({ state, rule, onDone }: ProposalProps) {
  const me = useMe()
  const { problems, backtest, source, text, basedOn } = rule
  const publish = useMutation({
    mutationFn: async () => {
      const note = `Case #${state.case.number}: what leaked stays here`
      const { version } = await publishVersion({ text, note, basedOn })
      await addEntry(state.case.id, {
        kind: 'action',
        target: `policy ${version}`,
        text: `Published version ${version} of the policy with the block rule`,
      })
      await onDone()
      return version
    },
  })
  const mayPublish = mayCall(me, 'policy.publish') && source !== 'file' && problems.length === 0
  return (
    <>
      <Panel
        title="The rule"
        note={source === 'file' ? 'the policy is a file: add it there' : 'as a new version'}
        aside={<CopyButton text={rule.rule} label="Copy the rule" />}
      >
        <pre className={classes.rule} tabIndex={0} aria-label="Rule">
          {rule.rule}
        </pre>
        {problems.map((problem) => (
          <p key={problem} role="alert" className={classes.form}>
            {visibleLine(problem, 300)}
          </p>
        ))}
        <div className={classes.form}>
          <FormProblem error={publish.error} />
          {publish.isSuccess ? (
            <p className={classes.done} role="status">
              Version {publish.data} is in force. <Link to="/policy">The policy</Link>
            </p>
          ) : mayPublish ? (
            <div className={forms.row}>
              <Button color="red" loading={publish.isPending} onClick={() => publish.mutate()}>
                Publish and enforce
              </Button>
            </div>
          ) : (
            <p className={classes.count}>
              {source === 'file'
                ? 'Whoever keeps the file adds the rule; copy it for them.'
                : 'Publishing is for policy authors: copy the rule for them. What you locked holds meanwhile.'}
            </p>
          )}
        </div>
      </Panel>
      {backtest !== null && <BacktestPanel report={backtest} />}
    </>
  )
}
