/** Which of the two views of an exchange is shown: as it came to the gateway, or as it left it, with the masks. */
import type { Side } from '../../api/content.ts'
import type { ExchangeDetail } from '../../api/exchanges.ts'
import { Choice } from '../../ui/choice.tsx'
import { formatCount } from '../../ui/format.ts'
import classes from './side-choice.module.css'

interface SideChoiceProps {
  readonly masks: ExchangeDetail['masks']
  readonly side: Side
  readonly onChange: (side: Side) => void
}

export function SideChoice({ masks, side, onChange }: SideChoiceProps) {
  return (
    <div className={classes.bar}>
      <Choice
        label="Side of the gateway"
        value={side}
        options={[
          ['received', 'As received'],
          ['sent', 'As sent'],
        ]}
        onChange={onChange}
      />
      <span className={classes.note}>{noteOf(masks)}</span>
    </div>
  )
}

function noteOf({ request, answer }: ExchangeDetail['masks']): string {
  const places = [
    request === 0 ? '' : `${formatCount(request)} in the request`,
    answer === 0 ? '' : `${formatCount(answer)} in the answer`,
  ].filter((text) => text !== '')
  if (places.length === 0) return 'Nothing was masked.'
  return `Masked: ${places.join(', ')}. What the caller and the provider saw is “As sent”.`
}
