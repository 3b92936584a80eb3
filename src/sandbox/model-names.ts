/** The models every listing of the sandbox offers. */

export const MODEL_NAMES = [
  'sandbox',
  'echo',
  'echo-slow',
  'tool',
  'reasoning',
  'error-400',
  'error-429',
  'error-503',
] as const
