/** Matches text against a pattern in which `*` is any run of characters; nothing else is special. */

/** At most |glob| x |text| steps, no regular expression. */
export function globMatches(glob: string, text: string): boolean {
  let at = 0
  let inGlob = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    if (inGlob < glob.length && glob[inGlob] === '*') {
      star = inGlob
      resume = at
      inGlob += 1
    } else if (inGlob < glob.length && glob[inGlob] === text[at]) {
      inGlob += 1
      at += 1
    } else if (star !== -1) {
      inGlob = star + 1
      resume += 1
      at = resume
    } else {
      return false
    }
  }
  while (inGlob < glob.length && glob[inGlob] === '*') inGlob += 1
  return inGlob === glob.length
}
