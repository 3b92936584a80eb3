/** The sources of a context window, in the order of the legend, with their names. */
import type { Source } from './film.ts'

export const SOURCES: readonly { readonly source: Source; readonly label: string }[] = [
  { source: 'system', label: 'system' },
  { source: 'tools', label: 'tool definitions' },
  { source: 'user', label: 'user' },
  { source: 'tool', label: 'tool results' },
  { source: 'model', label: 'model' },
]

export function labelOf(source: Source): string {
  return SOURCES.find((one) => one.source === source)?.label ?? 'not read yet'
}
