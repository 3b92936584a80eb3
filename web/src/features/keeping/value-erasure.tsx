/** Erases every exchange in which a text stands: asks for the text and the reason, then follows the job that reads and erases. */
import { Checkbox, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { beginJob, erasureJobsQuery } from '../../api/erasure-jobs.ts'
import { ErasureJobView } from './erasure-job-view.tsx'
import { ReasonForm } from './reason-form.tsx'

interface ValueErasureProps {
  /** One that was begun before; null for a new one. */
  readonly job: string | null
  readonly onDone: () => void
  /** Stands above the form of a new one. */
  readonly children?: ReactNode
}

export function ValueErasure({ job, onDone, children }: ValueErasureProps) {
  const client = useQueryClient()
  const [id, setId] = useState(job)
  const [value, setValue] = useState('')
  const [despiteMinimum, setDespite] = useState(false)
  const begun = async (job: Promise<{ readonly id: string }>): Promise<void> => {
    setId((await job).id)
    await client.invalidateQueries({ queryKey: erasureJobsQuery.queryKey })
  }
  if (id !== null)
    return (
      <ErasureJobView
        id={id}
        value={value}
        onValue={setValue}
        isValueKnown={job === null}
        onBegin={(next) => begun(beginJob(next))}
        onDone={onDone}
      />
    )
  return (
    <ReasonForm
      verb="See what would be erased"
      isReady={value.trim() !== ''}
      act={(reason) => begun(beginJob({ value, reason, despiteMinimum, dryRun: true }))}
      onDone={() => undefined}
    >
      {children}
      <Textarea
        label="The text"
        description="Everything that is recorded is read for it, in the background; the text itself is kept nowhere"
        autosize
        minRows={1}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={({ target }) => setValue(target.value)}
      />
      <Checkbox
        size="xs"
        label="Also before the minimum of its retention class; this is recorded"
        checked={despiteMinimum}
        onChange={({ target }) => setDespite(target.checked)}
      />
    </ReasonForm>
  )
}
