/** Masks a text that says with its first character whether it is JSON: such a text must stay JSON, and its keys say what a value is. */
import type { Matcher, Step } from './matcher.ts'

/** White space in front is held up to here. */
const BLANK_MAX = 64
const NOTHING: Step = {
  emit: '',
  masks: [],
  findings: [],
  settled: 0,
  blocked: false,
  uninspected: [],
}

export function eitherMatcher(asText: () => Matcher, asJson: () => Matcher): Matcher {
  let chosen: Matcher | null = null
  let blank = ''
  const begin = (): Step => {
    chosen = beginsAsJson(blank) ? asJson() : asText()
    return blank === '' ? NOTHING : chosen.push(blank)
  }
  return {
    push: (text) => {
      if (chosen !== null) return chosen.push(text)
      blank += text
      return /\S/.test(blank) || blank.length > BLANK_MAX ? begin() : NOTHING
    },
    end: () => {
      if (chosen !== null) return chosen.end()
      const first = begin()
      const last = (chosen ?? asText()).end()
      return {
        ...last,
        emit: first.emit + last.emit,
        masks: [...first.masks, ...last.masks],
        findings: [...first.findings, ...last.findings],
        uninspected: [...first.uninspected, ...last.uninspected],
      }
    },
  }
}

export function beginsAsJson(text: string): boolean {
  return /^\s{0,64}[{[]/.test(text)
}
