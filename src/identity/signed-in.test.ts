import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/harness/temporary-folder.ts'
import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../model/control.ts'
import { openStore } from '../store/store.ts'
import { createLinkMethod, loginUrl, mintLoginLink } from './login-method.ts'
import { changePerson, createPerson, firstAdmin } from './people-admin.ts'
import { ABSOLUTE_MS, IDLE_MS, signedInByCookie, startLoginSession } from './signed-in.ts'

class HandClock implements Clock {
  now = Date.UTC(2026, 10, 23)
  readonly nowMs = (): number => this.now
  readonly monotonicMs = (): number => this.now
}

async function withStore(
  work: (control: ControlStore, clock: HandClock) => Promise<void>,
): Promise<void> {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  await work(store.control, new HandClock())
}

async function loggedIn(control: ControlStore, clock: Clock) {
  const person = await firstAdmin(control.people, clock, 'ada')
  assert.ok(person !== null)
  const session = { person, method: 'link', address: '127.0.0.1', userAgent: 'test' }
  return startLoginSession(control, clock, session)
}

test('a login session ends half an hour after its last use', () =>
  withStore(async (control, clock) => {
    const { cookie } = await loggedIn(control, clock)
    clock.now += IDLE_MS - 1
    assert.ok(await signedInByCookie(control, clock, cookie))
    clock.now += IDLE_MS - 1
    assert.ok(await signedInByCookie(control, clock, cookie))
    clock.now += IDLE_MS
    assert.equal(await signedInByCookie(control, clock, cookie), null)
  }))

test('a stream or a poll does not put off the end of an idle session', () =>
  withStore(async (control, clock) => {
    const { cookie } = await loggedIn(control, clock)
    for (let minutes = 0; minutes < 29; minutes += 1) {
      clock.now += 60_000
      assert.ok(await signedInByCookie(control, clock, cookie, false))
    }
    clock.now += 60_000
    assert.equal(await signedInByCookie(control, clock, cookie, false), null)
  }))

test('a login session ends after twelve hours, however busy', () =>
  withStore(async (control, clock) => {
    const { cookie, signedIn } = await loggedIn(control, clock)
    const endMs = clock.now + ABSOLUTE_MS
    assert.equal(signedIn.expiresAtMs, endMs)
    while (clock.now + IDLE_MS / 2 < endMs) {
      clock.now += IDLE_MS / 2
      const who = await signedInByCookie(control, clock, cookie)
      assert.ok(who !== null && (who.idleExpiresAtMs ?? 0) <= endMs)
    }
    clock.now = endMs
    assert.equal(await signedInByCookie(control, clock, cookie), null)
  }))

test('a disabled person is out with the next call, and a cookie that is none never gets in', () =>
  withStore(async (control, clock) => {
    const { cookie, signedIn } = await loggedIn(control, clock)
    const other = await createPerson(control.people, clock, {
      login: 'bob',
      name: '',
      roles: ['admin'],
    })
    assert.equal(other.kind, 'created')
    const { id, version } = signedIn.person
    const noted: string[] = []
    const parts = {
      control,
      clock,
      holdings: () => Promise.resolve({ keys: [], rules: [], jobs: [] }),
      locks: control.locks,
      note: async ({ type }: { readonly type: string }) => void noted.push(type),
      onFault: assert.fail,
    }
    const off = await changePerson(parts, {
      by: { id: 'per_x', login: 'root' },
      id,
      version,
      edit: { disabled: true },
    })
    assert.ok(off.kind === 'updated')
    assert.equal(await signedInByCookie(control, clock, cookie), null)
    const held = async () =>
      (await control.locks.active(clock.now)).map(({ kind, value }) => `${kind} ${value}`)
    assert.deepEqual(await held(), [`person ${signedIn.person.login}`])
    const on = await changePerson(parts, {
      by: { id: 'per_x', login: 'root' },
      id,
      version: off.person.version,
      edit: { disabled: false },
    })
    assert.equal(on.kind, 'updated')
    assert.deepEqual(await held(), [])
    assert.deepEqual(noted, ['person.disabled', 'person.enabled'])
    assert.equal(await signedInByCookie(control, clock, cookie), null)
    for (const odd of ['', 'cls_', cookie.slice(0, -1), cookie.replace('cls_', 'cpt_')]) {
      assert.equal(await signedInByCookie(control, clock, odd), null)
    }
  }))

test('a login link works for a quarter of an hour', () =>
  withStore(async (control, clock) => {
    const admin = await firstAdmin(control.people, clock, 'ada')
    assert.ok(admin !== null)
    const method = createLinkMethod(control, clock)
    const late = await mintLoginLink(control.loginLinks, clock, admin.id)
    clock.now += 15 * 60_000
    assert.equal(await method.prove(late.token), null)
    const link = await mintLoginLink(control.loginLinks, clock, admin.id)
    clock.now += 15 * 60_000 - 1
    assert.equal((await method.prove(link.token))?.id, admin.id)
    assert.equal(await method.prove(link.token), null)
    assert.equal(loginUrl('http://h:1', 'cll_x'), 'http://h:1/login#token=cll_x')
  }))

test('the first admin is offered until somebody has logged in, and is one person', () =>
  withStore(async (control, clock) => {
    const first = await firstAdmin(control.people, clock, 'ada')
    const again = await firstAdmin(control.people, clock, 'somebody else')
    assert.equal(again?.id, first?.id)
    await control.people.loggedIn(first?.id ?? '', clock.now)
    assert.equal(await firstAdmin(control.people, clock, 'ada'), null)
    assert.equal((await control.people.list()).length, 1)
  }))
