/** How the content of a conversation is shown, and its reveal as a whole where one may. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconEye } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { openRevealsQuery } from '../../api/conversations.ts'
import { Moment } from '../../ui/moment.tsx'
import { RevealDialog } from '../exchange/reveal-dialog.tsx'
import type { ThreadContent } from './use-thread-content.ts'
import classes from './conversation.module.css'

interface ThreadBarProps {
  readonly conversation: string | null
  readonly content: ThreadContent
}

export function ThreadBar({ conversation, content }: ThreadBarProps) {
  const client = useQueryClient()
  const [isAsking, dialog] = useDisclosure(false)
  const { mayRead, mayReveal, expiresAtMs } = content
  if (!mayRead)
    return (
      <p className={classes.note}>
        Your roles do not read content: the turns are shown with their facts only, and forks only
        where a request names the answer before it.
      </p>
    )
  if (expiresAtMs !== null)
    return (
      <p className={classes.note}>
        Revealed to you until <Moment ms={expiresAtMs} />; it is in the audit trail.
      </p>
    )
  return (
    <div className={`${classes.note} ${classes.bar}`}>
      <span>Content is masked: structure and lengths, no text.</span>
      {mayReveal && conversation !== null && (
        <>
          <Button
            size="compact-sm"
            leftSection={<IconEye size={15} stroke={1.8} />}
            onClick={dialog.open}
          >
            Reveal the conversation
          </Button>
          <RevealDialog
            of={{ conversation }}
            isShown={isAsking}
            onClose={dialog.close}
            onOpened={async () => {
              await client.invalidateQueries({ queryKey: openRevealsQuery.queryKey })
              dialog.close()
            }}
          />
        </>
      )}
    </div>
  )
}
