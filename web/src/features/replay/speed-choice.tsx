/** How fast a recording plays. */
import { SPEEDS } from './use-player.ts'

interface SpeedChoiceProps {
  readonly className: string | undefined
  readonly speed: number
  readonly onChange: (speed: number) => void
}

export function SpeedChoice({ className, speed, onChange }: SpeedChoiceProps) {
  return (
    <label className={className}>
      Speed
      <select value={speed} onChange={(event) => onChange(Number(event.target.value))}>
        {SPEEDS.map((one) => (
          <option key={one} value={one}>
            {one}×
          </option>
        ))}
      </select>
    </label>
  )
}
