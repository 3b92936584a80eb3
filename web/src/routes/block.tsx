/** Block: whose contexts held the very same block, whoever sent it. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { blockQuery } from '../api/trace.ts'
import { ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Answer } from './trace.tsx'

const DIGITS = 16

export function Block() {
  const { id } = useParams({ from: '/shell/trace/blocks/$id' })
  const held = useQuery(blockQuery(id))
  return (
    <Page title={`Block ${id.slice(0, DIGITS)}`} note="everyone whose context held it">
      {held.isPending && <Skeleton label="Looking for the block" />}
      {held.isError && <ProblemNotice error={held.error} retry={() => void held.refetch()} />}
      {held.isSuccess && <Answer answer={held.data} />}
    </Page>
  )
}
