/** Why somebody sees the facts of an exchange and not its content. */
import { Notice } from '../../ui/notice.tsx'
import { useMe } from '../access/me.ts'

export function ContentDenied() {
  const { roles } = useMe()
  return (
    <Notice kind="denied" title="Your roles do not read content">
      <p>
        You are here as {roles.join(', ')}. Running the gateway and checking on people need no
        prompts and no answers, so these roles cannot open them, not even masked.
      </p>
      <p>
        An approver or an investigator sees them masked; an investigator can reveal them with a
        reason.
      </p>
    </Notice>
  )
}
