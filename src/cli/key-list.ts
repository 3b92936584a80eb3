/** How gateway keys are shown: a table for people, one JSON object each for programs; never the key itself. */
import type { KeyRow } from '../model/keys.ts'
import { printJson, printTable, timeText } from './output.ts'

export interface ShownKey extends Omit<KeyRow, 'hash' | 'id'> {
  readonly id: string
  readonly state: string
  readonly flags: readonly string[]
}

export function showKeys(keys: readonly ShownKey[], isJson: boolean): void {
  if (isJson) {
    for (const key of keys) printJson(key)
    return
  }
  printTable(keys, [
    { title: 'ID', of: (key) => key.id, widthMax: 30 },
    { title: 'KEY', of: (key) => key.hint, widthMax: 20 },
    { title: 'NAME', of: (key) => key.name, widthMax: 24 },
    { title: 'OWNER', of: (key) => key.owner, widthMax: 24 },
    { title: 'SERVICE', of: (key) => key.service, widthMax: 20 },
    {
      title: 'STATE',
      of: (key) => [key.state, ...key.flags].join(' '),
      widthMax: 32,
    },
    {
      title: 'EXPIRES',
      of: (key) => (key.expiresAtMs === null ? 'never' : timeText(key.expiresAtMs)),
      widthMax: 24,
    },
    {
      title: 'LAST USED',
      of: (key) => (key.lastUsedAtMs === null ? '-' : timeText(key.lastUsedAtMs)),
      widthMax: 24,
    },
  ])
}
