/** How texts are scanned when detectors are measured. */
import type { MatcherOptions } from '../../src/detect/matcher.ts'
import { REPLACE } from '../../src/detect/operators.ts'

export const SCAN_OPTIONS: MatcherOptions = {
  operators: { byEntity: new Map(), fallback: REPLACE },
  keys: { digest: () => '', encrypt: () => '', tokenFor: () => '' },
  threshold: 0.5,
  encoded: false,
  before: '',
  terms: null,
  everyFinding: false,
}
