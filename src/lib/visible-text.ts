/** Makes text from outside safe to show: what would move a cursor, reorder or hide text is shown as its code point instead. */

/**
 * C0 and C1 controls (terminal escapes begin with one), bidi controls (they make text read in another order than it is
 * stored, CVE-2021-42574), zero-width and invisible characters, tag characters, line and paragraph separators,
 * interlinear marks, unpaired surrogates.
 */
const HOSTILE =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- these characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u2800\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/gu

function shown(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** Keeps line feeds and tabs; everything else that is hostile becomes `\u{…}`. */
export function visibleText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(HOSTILE, shown)
}

/** For serialised JSON: hostile characters become `\\uXXXX`, so the text reads the same to a program and moves nothing. */
export function visibleJson(json: string): string {
  return json.replace(HOSTILE, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** For one table cell or one line: line feeds and tabs are shown too, and the length is bounded. */
export function visibleLine(text: string, lengthMax = Number.POSITIVE_INFINITY): string {
  const line = visibleText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')
  return line.length <= lengthMax ? line : `${line.slice(0, Math.max(0, lengthMax - 1))}…`
}
