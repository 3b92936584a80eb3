/** What a page shows instead of its matter: nothing there, not allowed, failed, or not there yet. */
import { Button } from '@mantine/core'
import { IconAlertTriangle, IconInbox, IconLock, IconPlugConnectedX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { isApiProblem } from '../api/client.ts'
import classes from './notice.module.css'

interface NoticeProps {
  readonly kind: 'empty' | 'denied' | 'error' | 'offline'
  readonly title: string
  readonly children?: ReactNode
}

const ICONS = {
  empty: IconInbox,
  denied: IconLock,
  error: IconAlertTriangle,
  offline: IconPlugConnectedX,
} as const

export function Notice({ kind, title, children }: NoticeProps) {
  const Icon = ICONS[kind]
  return (
    <div className={classes.notice} data-kind={kind} role={kind === 'empty' ? 'status' : 'alert'}>
      <Icon size={30} stroke={1.4} aria-hidden="true" />
      <p className={classes.title}>{title}</p>
      <div className={classes.text}>{children}</div>
    </div>
  )
}

interface ProblemNoticeProps {
  readonly error: unknown
  readonly retry?: () => void
}

/** Says of a failed call what the server said: denied, not found, not reachable, or wrong. */
export function ProblemNotice({ error, retry }: ProblemNoticeProps) {
  if (!isApiProblem(error))
    return (
      <Notice kind="error" title="The console made a mistake">
        <p>Reload the page. If it happens again, report it with what you did before.</p>
      </Notice>
    )
  const { problem, status } = error
  const kind = status === 403 ? 'denied' : status === 0 ? 'offline' : 'error'
  const titles: Readonly<Record<number, string>> = {
    0: 'The gateway cannot be reached',
    403: 'Your roles do not allow this',
    404: 'There is no such thing here',
    429: 'Too many calls',
  }
  return (
    <Notice kind={kind} title={titles[status] ?? 'This did not work'}>
      <p>{problem.detail}</p>
      {problem.hint !== '' && problem.hint !== problem.detail && <p>{problem.hint}</p>}
      {problem.errors?.map(({ path, message }) => (
        <p key={`${path} ${message}`}>
          {path}: {message}
        </p>
      ))}
      {problem.requestId !== '' && <p className={classes.id}>request {problem.requestId}</p>}
      {retry !== undefined && status !== 403 && status !== 404 && (
        <Button size="xs" variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </Notice>
  )
}

interface SkeletonProps {
  readonly rows?: number
  readonly label: string
}

export function Skeleton({ rows = 6, label }: SkeletonProps) {
  return (
    <div className={classes.skeleton} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} data-width={row % 4} />
      ))}
    </div>
  )
}
