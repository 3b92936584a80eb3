/** Tell: a message that is written already, to the receivers of custody.yaml, or to copy. */
import { Button, Checkbox, TextInput, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { tellNow } from '../../api/runs.ts'
import type { RunState } from '../../api/runs.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FormProblem } from '../../ui/form-problem.tsx'
import { Panel } from '../../ui/panel.tsx'
import forms from '../../ui/form.module.css'
import classes from './run.module.css'

interface TellStepProps {
  readonly state: RunState
  readonly onDone: () => Promise<void>
}

export function TellStep({ state, onDone }: TellStepProps) {
  const { receivers, notice } = state
  const [subject, setSubject] = useState(notice.subject)
  const [text, setText] = useState(notice.text)
  const [chosen, setChosen] = useState<string[]>([...receivers])
  const tell = useMutation({
    mutationFn: () =>
      tellNow(state.case.id, { receivers: chosen, subject: subject.trim(), text: text.trim() }),
    onSuccess: onDone,
  })
  return (
    <Panel
      title="Tell"
      note="ids, names and numbers; no prompt and no answer"
      aside={<CopyButton text={`${subject}\n\n${text}`} label="Copy the message" />}
    >
      <form
        className={`${forms.form} ${classes.form}`}
        onSubmit={(event) => {
          event.preventDefault()
          if (chosen.length > 0) tell.mutate()
        }}
      >
        <TextInput
          label="Subject"
          maxLength={200}
          value={subject}
          onChange={(event) => setSubject(event.target.value)}
        />
        <Textarea
          label="Message"
          autosize
          minRows={5}
          maxLength={4000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {receivers.length === 0 ? (
          <p className={classes.count}>
            No receiver is configured: see <code>approvals</code> in custody.yaml for webhooks,
            Slack, Teams and e-mail. The message can be copied.
          </p>
        ) : (
          <Checkbox.Group label="To" value={chosen} onChange={setChosen}>
            <div className={`${forms.filters} ${forms.options}`}>
              {receivers.map((receiver) => (
                <Checkbox key={receiver} size="xs" value={receiver} label={receiver} />
              ))}
            </div>
          </Checkbox.Group>
        )}
        <FormProblem error={tell.error} />
        {tell.isSuccess && (
          <div role="status">
            <ul className={classes.done}>
              {tell.data.told.map(({ receiver, problem }) => (
                <li key={receiver} data-failed={problem !== '' || undefined}>
                  {receiver}: {problem === '' ? 'told' : visibleLine(problem, 160)}
                </li>
              ))}
            </ul>
          </div>
        )}
        {receivers.length > 0 && (
          <div className={forms.row}>
            <Button type="submit" disabled={chosen.length === 0} loading={tell.isPending}>
              Tell them
            </Button>
          </div>
        )}
      </form>
    </Panel>
  )
}
