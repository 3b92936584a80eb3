/** One erasure of a text: how far it is, what it found, what stands in its way, and what may be done with it now. */
import { Button, Progress, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import {
  cancelJob,
  erasureJobQuery,
  erasureJobsQuery,
  isUnderWay,
  receiptOf,
  resumeJob,
} from '../../api/erasure-jobs.ts'
import type { ErasureJob, ErasureJobHead, beginJob } from '../../api/erasure-jobs.ts'
import { saveFile } from '../../ui/download.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import classes from '../../ui/form.module.css'
import { formatCount } from '../../ui/format.ts'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'

interface JobProps {
  readonly id: string
  /** The text, as long as the dialog is open; whoever goes on later names it again. */
  readonly value: string
  readonly onValue: (value: string) => void
  readonly isValueKnown: boolean
  readonly onBegin: (next: Parameters<typeof beginJob>[0]) => Promise<void>
  readonly onDone: () => void
}

export function ErasureJobView(props: JobProps) {
  const jobs = useQuery(erasureJobsQuery)
  if (jobs.isError) return <ProblemNotice error={jobs.error} retry={() => void jobs.refetch()} />
  const head = jobs.data?.items.find(({ id }) => id === props.id)
  if (head === undefined) return <Skeleton rows={2} label="Loading the erasure" />
  return isUnderWay(head) ? <UnderWay head={head} /> : <Ended head={head} {...props} />
}

function UnderWay({ head }: { readonly head: ErasureJobHead }) {
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => cancelJob(head.id),
    onSuccess: () => client.invalidateQueries({ queryKey: erasureJobsQuery.queryKey }),
  })
  const { share, text } = progressOf(head)
  return (
    <div className={classes.form}>
      <p role="status">{text}</p>
      <Progress value={share} size="sm" aria-label={text} />
      <p>
        It goes on when this window is closed. What is erased until it is cancelled stays erased.
      </p>
      <FormProblem error={cancel.error} />
      <div className={classes.row}>
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel it
        </Button>
      </div>
    </div>
  )
}

export function progressOf(head: ErasureJobHead): {
  readonly share: number
  readonly text: string
} {
  const { state, searched, total, found, erased } = head
  const [part, whole] = state === 'erasing' ? [erased, erased + found] : [searched, total]
  const share = whole === 0 ? 0 : Math.round((100 * part) / whole)
  return state === 'erasing'
    ? { share, text: `Erasing: ${formatCount(erased)} are erased, ${formatCount(found)} to go` }
    : {
        share,
        text: `Reading: ${formatCount(searched)} of ${formatCount(total)} exchanges, ${formatCount(found)} hold it`,
      }
}

function Ended({ head, ...props }: JobProps & { readonly head: ErasureJobHead }) {
  const job = useQuery(erasureJobQuery(head))
  if (job.isPending) return <Skeleton rows={2} label="Loading what it found" />
  if (job.isError) return <ProblemNotice error={job.error} retry={() => void job.refetch()} />
  const { state, dryRun, erased, found } = job.data
  const isDone = state === 'done'
  return (
    <div className={classes.form}>
      <div role="status">
        <p>{saidOf(job.data)}</p>
        {dryRun && <Found job={job.data} />}
      </div>
      {job.data.refused > 0 && <Refusals job={job.data} />}
      {isDone && (!dryRun || found === 0) ? (
        <Receipt job={job.data} onDone={props.onDone} />
      ) : (
        <GoOn job={job.data} {...props} />
      )}
      {!isDone && erased > 0 && <Receipt job={job.data} onDone={props.onDone} />}
    </div>
  )
}

const WORDS: Readonly<Record<ErasureJob['state'], string>> = {
  searching: '',
  erasing: '',
  done: '',
  cancelled: 'It was cancelled. ',
  refused: 'Nothing was erased. ',
  failed: 'It failed; the log of the gateway says where. ',
  interrupted: 'Its gateway ended before it did. ',
}

function saidOf({ state, dryRun, found, erased, searched, unreadable }: ErasureJob): string {
  const read = `${formatCount(searched)} exchanges were read, ${formatCount(unreadable)} could not be.`
  if (dryRun || erased === 0)
    return `${WORDS[state]}${formatCount(found)} ${found === 1 ? 'exchange holds' : 'exchanges hold'} it. ${read}`
  return `${WORDS[state]}Erased ${formatCount(erased)} ${erased === 1 ? 'exchange' : 'exchanges'}${found > 0 ? `, ${formatCount(found)} to go` : ''}. ${read}`
}

const SHOWN_MAX = 20

function Found({ job: { exchanges, found } }: { readonly job: ErasureJob }) {
  const shown = exchanges.slice(0, SHOWN_MAX)
  return (
    <>
      {shown.map((id) => (
        <p key={id} className={classes.mono}>
          {id}
        </p>
      ))}
      {found > shown.length && <p>and {formatCount(found - shown.length)} more</p>}
    </>
  )
}

function Refusals({ job: { refusals, refused } }: { readonly job: ErasureJob }) {
  const shown = refusals.slice(0, SHOWN_MAX)
  return (
    <div className={classes.problem} role="alert">
      <p>Nothing is erased while something of it must stay:</p>
      {shown.map(({ exchange, detail }) => (
        <p key={exchange}>
          <span className={classes.mono}>{exchange}</span> {visibleLine(detail, 300)}
        </p>
      ))}
      {refused > shown.length && <p>and {formatCount(refused - shown.length)} more</p>}
    </div>
  )
}

/** From a dry run to the erasure, or from where it stopped. */
function GoOn({ job, value, onValue, isValueKnown, onBegin }: JobProps & { job: ErasureJob }) {
  const client = useQueryClient()
  const { id, reason, despiteMinimum, found } = job
  const isErasing = job.dryRun && job.state === 'done'
  const go = useMutation({
    mutationFn: async () => {
      if (isErasing) return onBegin({ value, reason, despiteMinimum, dryRun: false, after: id })
      await resumeJob(id, value)
      await client.invalidateQueries({ queryKey: erasureJobsQuery.queryKey })
    },
  })
  return (
    <>
      {!isValueKnown && (
        <Textarea
          label="The text again"
          description="It is kept nowhere; a digest tells whether it is the same"
          autosize
          minRows={1}
          spellCheck={false}
          autoComplete="off"
          value={value}
          onChange={({ target }) => onValue(target.value)}
        />
      )}
      {isErasing && (
        <p>This cannot be taken back. What others refer to stays until they are erased too.</p>
      )}
      <FormProblem error={go.error} />
      <div className={classes.row}>
        <Button
          disabled={value.trim() === ''}
          loading={go.isPending}
          onClick={() => go.mutate()}
          {...(isErasing ? { color: 'red' } : { variant: 'default' })}
        >
          {isErasing ? `Erase ${formatCount(found)}` : 'Go on'}
        </Button>
      </div>
    </>
  )
}

function Receipt({ job, onDone }: { readonly job: ErasureJob; readonly onDone: () => void }) {
  const receipt = useMutation({
    mutationFn: async () =>
      saveFile(
        `receipt-${job.id}.json`,
        new Blob([await receiptOf(job)], { type: 'application/json' }),
      ),
  })
  return (
    <>
      <FormProblem error={receipt.error} />
      <div className={classes.row}>
        {job.erasures.length > 0 && (
          <Button variant="default" loading={receipt.isPending} onClick={() => receipt.mutate()}>
            Download the receipt
          </Button>
        )}
        <Button onClick={onDone}>Done</Button>
      </div>
    </>
  )
}
