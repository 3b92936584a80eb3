/** Loads the lists again whenever the gateway says that an approval changed, whoever changed it. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { approvalsUrl } from '../../api/approvals.ts'
import { followEvents } from '../../api/event-stream.ts'
import type { StreamState } from '../../api/event-stream.ts'

export function useApprovalsLive(): StreamState | 'failed' {
  const client = useQueryClient()
  const [stream, setStream] = useState<StreamState | 'failed'>('connecting')
  useEffect(() => {
    const stop = new AbortController()
    const reload = (): void => {
      void client.invalidateQueries({ queryKey: ['approvals'] })
      void client.invalidateQueries({ queryKey: ['grants'] })
    }
    followEvents({
      url: approvalsUrl,
      signal: stop.signal,
      onState: setStream,
      onEvent: reload,
    }).catch(() => setStream('failed'))
    return () => stop.abort()
  }, [client])
  return stream
}
