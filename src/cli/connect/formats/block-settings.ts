/** Edits a file of lines (a shell's start file, a .env): one marked block at its end, all else stays. */
import type { SettingFormat } from './setting-file.ts'

const BEGIN = '# >>> custody connect >>>'
const END = '# <<< custody connect <<<'

/** One setting without a path: the lines between the marks. */
export const editBlock: SettingFormat = (text, settings) => {
  let current = text
  for (const { value } of settings) {
    const begin = marks(current, BEGIN)
    const end = marks(current, END)
    const [from] = begin
    const [to] = end
    if (begin.length > 1 || begin.length !== end.length || (from ?? 0) > (to ?? 0))
      return { kind: 'refused', reason: 'the marks of the block are broken' }
    if (from !== undefined && to !== undefined) {
      const after = current.slice(to + END.length).replace(/^\r?\n/, '')
      current = current.slice(0, from) + after
    }
    if (typeof value === 'string') {
      const lead = current === '' || current.endsWith('\n') ? '' : '\n'
      current = `${current}${lead}${BEGIN}\n${value.trimEnd()}\n${END}\n`
    }
  }
  return { kind: 'edited', text: current, before: [{ path: [], value: undefined }] }
}

/** Where lines that are nothing but the mark begin. */
function marks(text: string, mark: string): readonly number[] {
  const found: number[] = []
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
    if (at === 0 || text[at - 1] === '\n') found.push(at)
  }
  return found
}
