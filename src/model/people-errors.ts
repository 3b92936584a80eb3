/** Errors about people and how they come in; part of the one table in `errors.ts`. */

export const PEOPLE_ERRORS = {
  'api.configured': {
    status: 409,
    message: 'It stands in custody.yaml and is changed there.',
    hint: 'Edit the file; the running gateway takes it over.',
    retryable: false,
  },
  'api.managed': {
    status: 409,
    message: 'The roles of this person come from an identity provider.',
    hint: 'Change the groups there; the roles follow at the next login or SCIM push.',
    retryable: false,
  },
  'api.links-restricted': {
    status: 409,
    message: 'Login links are for break-glass accounts alone.',
    hint: 'People log in at the identity provider; break-glass accounts are named in login.breakGlass.',
    retryable: false,
  },
  'api.device-refused': {
    status: 401,
    message: 'The device is not allowed to act for anybody, or not any more.',
    hint: 'Log in again: custody token --login.',
    retryable: false,
  },
} as const
