/** The last use of a key: when, from where, by which run of which repository, and who owns it. */
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { keyLastUseQuery } from '../../api/keys.ts'
import type { GatewayKey, KeyLastUse } from '../../api/keys.ts'
import { Moment } from '../../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { KeyFlags } from './key-flags.tsx'
import classes from './key-flags.module.css'

interface LastUseDialogProps {
  /** Null hides it. */
  readonly gatewayKey: GatewayKey | null
  readonly onClose: () => void
}

export function LastUseDialog({ gatewayKey, onClose }: LastUseDialogProps) {
  return (
    <Modal opened={gatewayKey !== null} onClose={onClose} title="Last use of this key" size="lg">
      {gatewayKey !== null && <LastUse gatewayKey={gatewayKey} />}
    </Modal>
  )
}

const LINE_MAX = 200

function LastUse({ gatewayKey }: { readonly gatewayKey: GatewayKey }) {
  const use = useQuery(keyLastUseQuery(gatewayKey.id))
  if (use.isPending) return <Skeleton rows={5} label="Looking for the last use" />
  if (use.isError) return <ProblemNotice error={use.error} retry={() => void use.refetch()} />
  const { exchange, atMs, service, remoteAddress, userAgent, model } = use.data
  if (exchange === null || atMs === null)
    return (
      <Notice kind="empty" title="No exchange of this key is kept">
        <p>It was not used, or what it sent was erased.</p>
      </Notice>
    )
  return (
    <dl className={classes.facts}>
      <dt>Owner</dt>
      <dd>
        {visibleLine(gatewayKey.owner, LINE_MAX)}{' '}
        <KeyFlags flags={gatewayKey.flags} endsAtMs={gatewayKey.endsAtMs} />
      </dd>
      <dt>Run</dt>
      <dd>
        <Run use={use.data} />
      </dd>
      <dt>When</dt>
      <dd>
        <Moment ms={atMs} />
      </dd>
      <dt>Service</dt>
      <dd>{service === '' ? 'none' : visibleLine(service, LINE_MAX)}</dd>
      <dt>From</dt>
      <dd>
        {visibleLine(remoteAddress, 80)}, {visibleLine(userAgent, LINE_MAX)}
      </dd>
      <dt>Model</dt>
      <dd>{visibleLine(model ?? 'none', LINE_MAX)}</dd>
      <dt>Exchange</dt>
      <dd>
        <Link to="/exchanges/$id" params={{ id: exchange }}>
          {exchange}
        </Link>
      </dd>
    </dl>
  )
}

/** What nobody proved must not look like a fact. */
function Run({ use }: { readonly use: KeyLastUse }) {
  if (use.by === 'nothing') return <>nothing says which</>
  const run = use.run === '' ? '' : `run ${visibleLine(use.run, 80)} of `
  const text = `${run}${visibleLine(use.repository, LINE_MAX)}`
  return (
    <>
      {use.runUrl === null ? text : <a href={use.runUrl}>{text}</a>}{' '}
      <small>{use.by === 'proven' ? '(proven by its token)' : '(declared by the caller)'}</small>
    </>
  )
}
