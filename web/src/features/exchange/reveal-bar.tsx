/** Says how content is shown, opens it with a reason, counts down while it is open, and ends it. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconEye, IconEyeOff, IconLock } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { closeReveal } from '../../api/content.ts'
import type { ExchangeDetail } from '../../api/exchanges.ts'
import { Choice } from '../../ui/choice.tsx'
import { formatRemaining } from '../../ui/format.ts'
import { RevealDialog } from './reveal-dialog.tsx'
import type { ContentMode } from './use-content-mode.ts'
import classes from './reveal-bar.module.css'

interface RevealBarProps {
  readonly detail: ExchangeDetail
  readonly content: ContentMode
}

export function RevealBar({ detail, content }: RevealBarProps) {
  const client = useQueryClient()
  const [isAsking, dialog] = useDisclosure(false)
  const { id } = detail.exchange
  const refresh = (): Promise<void> =>
    client.invalidateQueries({ queryKey: ['exchange', id], exact: true })
  const end = useMutation({
    mutationFn: () => closeReveal(detail.reveal?.id ?? ''),
    onSettled: refresh,
  })
  if (content.remainingMs !== null)
    return (
      <div className={classes.bar} data-open>
        <IconEye size={16} stroke={1.7} aria-hidden="true" />
        <span>
          Revealed to you for <strong>{formatRemaining(content.remainingMs)}</strong>; it is in the
          audit trail.
        </span>
        <span className={classes.aside}>
          <Choice
            label="Content"
            value={content.mode}
            options={[
              ['revealed', 'Revealed'],
              ['masked', 'Masked'],
            ]}
            onChange={content.choose}
          />
          <Button
            size="compact-sm"
            variant="default"
            loading={end.isPending}
            onClick={() => end.mutate()}
          >
            End now
          </Button>
        </span>
      </div>
    )
  return (
    <div className={classes.bar}>
      {detail.mayReveal ? (
        <IconEyeOff size={16} stroke={1.7} />
      ) : (
        <IconLock size={16} stroke={1.7} />
      )}
      <span>
        {detail.mayReveal
          ? 'Content is masked: structure and lengths, no text.'
          : 'Content is masked. Only an investigator can reveal it, with a reason.'}
      </span>
      {detail.mayReveal && (
        <span className={classes.aside}>
          <Button
            size="compact-sm"
            leftSection={<IconEye size={15} stroke={1.8} />}
            onClick={dialog.open}
          >
            Reveal
          </Button>
        </span>
      )}
      <RevealDialog
        of={id}
        isShown={isAsking}
        onClose={dialog.close}
        onOpened={async () => {
          content.choose('revealed')
          await refresh()
          dialog.close()
        }}
      />
    </div>
  )
}
