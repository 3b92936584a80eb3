/** One of a few, all in sight: a radio group that looks like a row of buttons. */
import { useId } from 'react'
import classes from './choice.module.css'

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly (readonly [value: Value, label: string])[]
  readonly onChange: (value: Value) => void
}

export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: ChoiceProps<Value>) {
  const name = useId()
  return (
    <div className={classes.choice} role="radiogroup" aria-label={label}>
      {options.map(([option, text]) => (
        <label key={option} data-checked={option === value || undefined}>
          <input
            type="radio"
            name={name}
            checked={option === value}
            onChange={() => onChange(option)}
          />
          {text}
        </label>
      ))}
    </div>
  )
}
