/** Lets a command line act for a person: a code, a yes in the console, and short-lived gateway keys from then on. */
import { randomInt } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { newControlId } from '../lib/ids.ts'
import type { ControlStore } from '../model/control.ts'
import type { DeviceGrantRow } from '../model/devices.ts'
import type { KeyTable } from '../model/keys.ts'
import type { PersonRow } from '../model/people.ts'
import { mintKey } from './gateway-key.ts'
import { createKey } from './key-admin.ts'
import { mintSecret, parseSecret } from './secret-text.ts'

const DEVICE_LOGIN_MS = 10 * 60 * 1000
export const POLL_MS = 3000
/** A helper asks again before it ends; a stolen one is worth little. */
const CALLER_TOKEN_MS = 60 * 60 * 1000
const GRANT_MS = 30 * 24 * 60 * 60 * 1000
/** No vowels, so that no word is spelled, and nothing that looks like something else. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const TRIES = 5

export interface DeviceParts {
  readonly control: Pick<ControlStore, 'devices' | 'people'>
  readonly keys: KeyTable
  readonly clock: Clock
}

export interface CallerToken {
  /** A gateway key of the person. */
  readonly token: string
  readonly expiresAtMs: number
  readonly login: string
}

export async function beginDeviceLogin(
  { control, clock }: DeviceParts,
  device: { readonly client: string; readonly address: string },
): Promise<{
  readonly deviceCode: string
  readonly userCode: string
  readonly expiresAtMs: number
}> {
  const nowMs = clock.nowMs()
  const secret = mintSecret('cdv_')
  const expiresAtMs = nowMs + DEVICE_LOGIN_MS
  for (let tries = 0; tries < TRIES; tries += 1) {
    const userCode = newUserCode()
    const isFree = await control.devices.begin({
      hash: secret.hash,
      userCode,
      ...device,
      createdAtMs: nowMs,
      expiresAtMs,
      state: 'pending',
      person: '',
    })
    if (isFree) return { deviceCode: secret.text, userCode, expiresAtMs }
  }
  throw new Error('no free device code was found')
}

export type DevicePoll =
  | { readonly kind: 'pending' | 'denied' | 'expired' }
  | { readonly kind: 'approved'; readonly grant: string; readonly token: CallerToken }

export async function pollDeviceLogin(parts: DeviceParts, deviceCode: string): Promise<DevicePoll> {
  const { control, clock } = parts
  const digest = parseSecret('cdv_', deviceCode)
  const known = digest === null ? null : await control.devices.byHash(digest)
  const nowMs = clock.nowMs()
  if (digest === null || known === null || known.expiresAtMs <= nowMs) return { kind: 'expired' }
  if (known.state === 'pending') return { kind: 'pending' }
  const taken = await control.devices.take(digest)
  if (taken === null) return { kind: 'expired' }
  const person = taken.state === 'denied' ? null : await control.people.byId(taken.person)
  if (person === null || person.disabledAtMs !== null) return { kind: 'denied' }
  return grantTo(parts, person, taken.client)
}

async function grantTo(
  { control, keys, clock }: DeviceParts,
  person: PersonRow,
  client: string,
): Promise<DevicePoll> {
  const nowMs = clock.nowMs()
  const made = await createKey(keys, clock, {
    name: `custody token on ${client}`.slice(0, 100),
    owner: person.login,
    service: '',
    expiresInMs: CALLER_TOKEN_MS,
    allowedUpstreams: null,
    allowedModels: null,
  })
  if (made.kind !== 'created') return { kind: 'denied' }
  const secret = mintSecret('cdg_')
  const grant: DeviceGrantRow = {
    id: newControlId('dvg', nowMs),
    hash: secret.hash,
    person: person.id,
    client,
    keyId: made.key.id,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + GRANT_MS,
    revokedAtMs: null,
  }
  await control.devices.insertGrant(grant)
  const token = {
    token: made.text,
    expiresAtMs: nowMs + CALLER_TOKEN_MS,
    login: person.login,
  }
  return { kind: 'approved', grant: secret.text, token }
}

/** A new text for the key of the grant, which ends the one before; null when the grant is over. */
export async function refreshCallerToken(
  { control, keys, clock }: DeviceParts,
  grantText: string,
): Promise<CallerToken | null> {
  const digest = parseSecret('cdg_', grantText)
  const grant = digest === null ? null : await control.devices.grant(digest)
  const nowMs = clock.nowMs()
  if (grant === null || grant.revokedAtMs !== null || grant.expiresAtMs <= nowMs) return null
  const person = await control.people.byId(grant.person)
  const key = await keys.byId(grant.keyId)
  if (person === null || person.disabledAtMs !== null) return null
  // Revoking the key, or giving it to somebody else, ends the device.
  if (key === null || key.revokedAtMs !== null || key.owner !== person.login) return null
  const { text, hash, hint } = mintKey()
  const expiresAtMs = nowMs + CALLER_TOKEN_MS
  const isRenewed = await keys.renew(key.id, { hash, hint, expiresAtMs })
  return isRenewed ? { token: text, expiresAtMs, login: person.login } : null
}

function newUserCode(): string {
  const letter = (): string => LETTERS.charAt(randomInt(LETTERS.length))
  const four = (): string => letter() + letter() + letter() + letter()
  return `${four()}-${four()}`
}

/** As people type it: small letters, without the dash. Null for what cannot be one. */
export function readUserCode(written: string): string | null {
  const letters = written.toUpperCase().replaceAll(/[\s-]/g, '')
  return /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/.test(letters)
    ? `${letters.slice(0, 4)}-${letters.slice(4)}`
    : null
}
