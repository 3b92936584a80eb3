/** Errors of trust and containment: who is not let in, and what is locked. */
import { row } from './error-row.ts'
import type { ErrorRow } from './error-row.ts'

export const CALLER_ERRORS = {
  'identity.untrusted': row(
    401,
    'The token is not trusted here.',
    'Its issuer, audience, claims or times fit no trust rule; ask the owner of this gateway which they must be.',
  ),
  'identity.rule-ended': row(
    401,
    'The trust rule that let this caller in has expired.',
    'It was not used for long, or its owner left; ask the operators of this gateway to renew it.',
  ),
  'identity.certificate': row(
    401,
    'The client certificate is not accepted here.',
    'Send one that an authority of this gateway issued for client authentication, and that a trust rule speaks of.',
  ),
  'identity.single-use': row(401, 'This token counts once.', 'Exchange it first, at /oauth/token.'),
  'identity.throttled': row(
    429,
    'Too many credentials from this address were refused.',
    'Wait a minute, and send a credential that is valid.',
    true,
  ),
  'containment.locked': row(
    400,
    'This call is locked by the operators of the gateway.',
    'Ask them, and name the reference; sending it again does not help.',
  ),
  'containment.stale': row(
    503,
    'The gateway cannot read its locks, so nothing is forwarded.',
    'Try again; the operator sees why in /readyz.',
    true,
  ),
} as const satisfies Record<string, ErrorRow>
