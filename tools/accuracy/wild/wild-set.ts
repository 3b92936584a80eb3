/** Texts with credentials in them, made from the lists of formats and lines beside this file: the same every time. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDraw } from '../values.ts'
import type { Draw } from '../values.ts'
import { drawText } from './draw-text.ts'
import { ALONE, nameOf, WITH_NAME } from './shapes.ts'

export interface WildText {
  /** Format and surrounding, or the kind of line. */
  readonly format: string
  readonly shape: string
  readonly text: string
  readonly secrets: readonly (readonly [start: number, end: number])[]
}

export type WildSetName = 'mended' | 'held-out'

const SEEDS: Readonly<Record<WildSetName, number>> = { mended: 77, 'held-out': 1207 }
const NAMED_EACH = 8
const ALONE_EACH = 3
const LINE_EACH = 4

function rowsOf(file: string): readonly string[] {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

const prefixOf = (set: WildSetName): string => (set === 'mended' ? '' : 'held-out-')

/** Every format in some of the surroundings, and telling ones where no name stands near. */
export function formatTexts(set: WildSetName): readonly WildText[] {
  const draw = createDraw(SEEDS[set])
  const named = Object.entries(WITH_NAME)
  const alone = Object.entries(ALONE)
  let turn = 0
  const next = <T>(from: readonly T[]): T => {
    const chosen = from[turn % from.length]
    turn += 1
    if (chosen === undefined) throw new Error('there is no surrounding')
    return chosen
  }
  return rowsOf(`${prefixOf(set)}formats.txt`).flatMap((row) => {
    const [name, pattern] = partsOf(row, ' : ')
    const isTelling = name.startsWith('! ')
    const format = name.replace('! ', '')
    const spellings = nameOf(format.split(' '))
    const texts = Array.from({ length: NAMED_EACH }, () => {
      const [shape, write] = next(named)
      const value = drawText(draw, pattern)
      return withSecret(format, shape, write(spellings, value), value)
    })
    const bare = Array.from({ length: isTelling ? ALONE_EACH : 0 }, () => {
      const [shape, write] = next(alone)
      const value = drawText(draw, pattern)
      return withSecret(format, `alone: ${shape}`, write(value), value)
    })
    return [...texts, ...bare]
  })
}

function withSecret(format: string, shape: string, text: string, value: string): WildText {
  const start = text.lastIndexOf(value)
  return { format, shape, text, secrets: [[start, start + value.length]] }
}

/** Lines as people write them; `options`: commands of tools that have a password option of their own. */
export function lineTexts(
  set: WildSetName,
  file: 'lines' | 'options' = 'lines',
): readonly WildText[] {
  const draw = createDraw(SEEDS[set] + 1)
  return rowsOf(`${prefixOf(set)}${file}.txt`).flatMap((row) => {
    const [kind, line] = partsOf(row, ' | ')
    return Array.from({ length: LINE_EACH }, () => ({
      format: line,
      shape: kind,
      ...filled(draw, line),
    }))
  })
}

function partsOf(row: string, separator: string): readonly [string, string] {
  const at = row.indexOf(separator)
  return [row.slice(0, at), row.slice(at + separator.length)]
}

/** What stands between marks is drawn; escapes outside of them are resolved. */
function filled(draw: Draw, line: string): Pick<WildText, 'text' | 'secrets'> {
  const secrets: (readonly [number, number])[] = []
  let text = ''
  for (const [at, part] of line.split(/[«»]/).entries()) {
    if (at % 2 === 0) {
      text += unescaped(part)
      continue
    }
    const value = drawValue(draw, part)
    secrets.push([text.length, text.length + value.length])
    text += value
  }
  return { text, secrets }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t' }

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_all, char: string) => ESCAPES[char] ?? char)
}

function drawValue(draw: Draw, kind: string): string {
  if (kind === 'pw') return password(draw)
  if (kind === 'words') return draw.pick(WORDS).toLowerCase() + draw.pick(WORDS).toLowerCase()
  if (kind === 'basic') return Buffer.from(`jane:${password(draw)}`).toString('base64')
  return drawText(draw, kind)
}

const WORDS =
  'Harbor Winter Tiger Orange Moon Coffee Delta Lisbon Piano Rocket Summer Kaffee Battery Garden'.split(
    ' ',
  )

/** As people choose them, and as programs make them. */
function password(draw: Draw): string {
  const sign = draw.pick(['!', '#', '@', '$', '?', '*', '-', '_', '.', ''])
  const word = draw.pick(WORDS)
  return draw.pick([
    () => word + draw.digits(4) + sign,
    () => word + sign + draw.pick(WORDS).toLowerCase() + draw.digits(2),
    () => word.replace('o', '0').replace('i', '1').replace('a', '4') + draw.digits(3),
    () => drawText(draw, '[A-Za-z0-9]{12}'),
    () => drawText(draw, '[A-Za-z][A-Za-z0-9!#%*_.-]{13}'),
    () => drawText(draw, '[a-z0-9]{10}'),
  ])()
}
