/** Whom a bundle is encrypted to, as age recipients. */
import { Textarea } from '@mantine/core'

interface RecipientsFieldProps {
  readonly text: string
  readonly onChange: (text: string) => void
}

export function RecipientsField({ text, onChange }: RecipientsFieldProps) {
  return (
    <Textarea
      label="Encrypt to"
      description="age recipients (age1…), parted by lines; empty leaves it readable for everybody"
      autosize
      minRows={1}
      value={text}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

export const recipientsIn = (text: string): string[] =>
  text.split(/\s+/).filter((one) => one !== '')
