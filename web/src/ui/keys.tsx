/** Keys of a shortcut, as they are printed on a keyboard. */
import classes from './keys.module.css'

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'esc',
  Space: 'space',
  Enter: 'enter',
}

export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className={classes.keys}>
      {keys.split(' ').map((key, at) => (
        <kbd key={at}>{NAMES[key] ?? key}</kbd>
      ))}
    </span>
  )
}
