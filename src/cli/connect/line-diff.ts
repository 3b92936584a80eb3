/** What an edit changes, as lines with `-` and `+`, some lines around each change, and no secret. */

const AROUND = 2
/** Settings files are short; beyond it the whole file counts as changed. */
const LINES_MAX = 3_000

export function lineDiff(before: string, after: string): readonly string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)]
  const all =
    old.length * fresh.length > LINES_MAX * LINES_MAX ? replaced(old, fresh) : walked(old, fresh)
  const near = all.map((_, at) =>
    all.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((line) => !line.startsWith(' ')),
  )
  const shown: string[] = []
  for (const [at, line] of all.entries()) {
    if (near[at] === true) shown.push(line)
    else if (near[at - 1] === true && near.slice(at).includes(true)) shown.push(' …')
  }
  return shown
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

function replaced(old: readonly string[], fresh: readonly string[]): readonly string[] {
  return [...old.map((line) => `-${line}`), ...fresh.map((line) => `+${line}`)]
}

/** The longest common run of lines, by the table of Wagner and Fischer. */
function walked(old: readonly string[], fresh: readonly string[]): readonly string[] {
  const width = fresh.length + 1
  const common = new Uint32Array((old.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === fresh[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push(` ${old[i] ?? ''}`)
      i += 1
      j += 1
    } else if (i < old.length && (j === fresh.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`-${old[i] ?? ''}`)
      i += 1
    } else {
      lines.push(`+${fresh[j] ?? ''}`)
      j += 1
    }
  }
  return lines
}
