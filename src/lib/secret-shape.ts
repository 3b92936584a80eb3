/** Recognises texts that look like credentials, by shape alone; errs on the side of yes. */

const KNOWN_SHAPES: readonly RegExp[] = [
  /(?:^|[^A-Za-z0-9])(?:sk|pk|rk|gsk|hf|ghp|gho|glpat|xox[a-z]|cst|cpt|cll|cls)[-_][A-Za-z0-9]/,
  /(?:AKIA|ASIA)[A-Z0-9]{8}/,
  /AIza[A-Za-z0-9_-]{8}/,
  /ABSK[A-Za-z0-9+/=]{8}/,
  /eyJ[A-Za-z0-9_-]{8}/,
  /ya29\./,
  /-----BEGIN/,
  /:\/\/[^/\s]*@/,
  /\b(?:bearer|basic) [A-Za-z0-9._~+/=-]{4}/i,
  /[?&;](?:key|token|secret|password|sig|signature)=/i,
]

/** Twenty characters in one run, digits among them: words are shorter, keys are not. */
const LONG_RUN = /[A-Za-z0-9_+/=-]{20,}/g

/** True when the text holds something with the prefix or frame of a known credential. */
export function hasKnownSecretShape(text: string): boolean {
  return KNOWN_SHAPES.some((shape) => shape.test(text))
}

/** True for known shapes and for any long run of letters with digits; ids and hashes count too. */
export function looksSecret(text: string): boolean {
  return hasKnownSecretShape(text) || (text.match(LONG_RUN) ?? []).some((run) => /\d/.test(run))
}
