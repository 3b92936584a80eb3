/** The button below a list that has more than it shows. */
import { Button } from '@mantine/core'
import classes from './form.module.css'

interface ShowMoreProps {
  readonly isLoading?: boolean
  readonly onMore: () => void
}

export function ShowMore({ isLoading = false, onMore }: ShowMoreProps) {
  return (
    <div className={classes.row}>
      <Button size="compact-md" variant="default" loading={isLoading} onClick={onMore}>
        Show more
      </Button>
    </div>
  )
}
