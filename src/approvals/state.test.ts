import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { askedRule, askedTerms, frozen, pending } from '../../test/store/approval-samples.ts'
import { EPOCH_MS } from '../../test/store/samples.ts'
import type { Approval } from '../model/approval.ts'
import { APPROVAL_CHOICES } from '../model/approval.ts'
import type { Ballot, Move } from './state.ts'
import { cancel, castVote, escalate, escalationAtMs, expire, joined, review } from './state.ts'
import type { Decider, Engagement } from './who-decides.ts'
import { isRequester, requestersOf } from './who-decides.ts'

function decider(login: string, changes: Partial<Decider> = {}): Decider {
  return {
    id: `per_${login}`,
    login,
    isApprover: true,
    names: new Set([login, 'approver']),
    isFresh: false,
    ...changes,
  }
}

const inGroup = (login: string, ...groups: string[]): Decider =>
  decider(login, { names: new Set([login, 'approver', ...groups]) })

const PEOPLE = [
  decider('erin'),
  decider('finn'),
  decider('dana'),
  inGroup('gus', 'secops'),
  inGroup('hana', 'secops'),
  inGroup('ivo', 'glass'),
]

const ENGAGEMENT: Engagement = {
  breakGlass: ['glass'],
  isAuthor: () => false,
  voter: (id) => PEOPLE.find((person) => person.id === id) ?? null,
}

const ballot = (changes: Partial<Ballot> = {}): Ballot => ({
  choice: 'once',
  reason: '',
  surface: 'api',
  breakGlass: false,
  ...changes,
})

const AT = { nowMs: EPOCH_MS + 1000, grantId: 'gr_1' }

const who = (login: string): Decider => PEOPLE.find((person) => person.login === login)!

function vote(
  approval: Approval,
  login: string,
  changes: Partial<Ballot> = {},
  engagement = ENGAGEMENT,
): Move {
  return castVote(approval, who(login), ballot(changes), AT, engagement)
}

function after(move: Move): Approval {
  assert.equal(move.kind, 'moved', JSON.stringify(move))
  return move.kind === 'moved' ? move.approval : assert.fail()
}

function refusal(move: Move): string {
  return move.kind === 'refused' ? move.reason : `moved to ${move.approval.state}`
}

test('one approver is enough where nothing else is asked, and the grant is bound to what was held', () => {
  const move = vote(pending(1), 'erin')
  assert.ok(move.kind === 'moved')
  assert.equal(move.approval.state, 'approved')
  assert.equal(move.approval.sealedCard, null)
  assert.deepEqual(
    move.approval.history.map(({ kind, actor }) => [kind, actor]),
    [
      ['created', 'dana'],
      ['voted', 'erin'],
      ['approved', 'erin'],
    ],
  )
  assert.deepEqual(move.grant?.rules, [{ rule: 'cards', findings: ['fp-1'] }])
  assert.deepEqual(move.grant?.digests, ['digest-1'])
  assert.equal(move.grant?.upstream, 'openai')
  assert.equal(move.grant?.usesMax, 3)
})

test('nobody approves what they stand behind, under whichever name', () => {
  for (const requesters of [['dana'], ['x', ' DANA '], ['per_dana'], ['Ｄana']])
    assert.equal(refusal(vote(pending(1, { requesters }), 'dana')), 'own-request')
  const breakGlass = decider('dana', { names: new Set(['glass']) })
  const forced = ballot({ breakGlass: true, reason: 'now' })
  assert.equal(refusal(castVote(pending(1), breakGlass, forced, AT, ENGAGEMENT)), 'own-request')
})

test('the human behind a job is among the requesters, whoever issued the proof', () => {
  const names = requestersOf(['repo:acme/app', 'ops'], {
    actor: 'dana',
    user_login: 'erin',
    aud: 'x',
  })
  assert.deepEqual(names, ['repo:acme/app', 'ops', 'dana', 'erin'])
  const approval = pending(1, { requesters: names })
  for (const login of ['dana', 'erin']) assert.ok(isRequester(approval, decider(login)))
  assert.ok(!isRequester(approval, decider('x')))
})

test('only those whom the rule names decide', () => {
  const asks = [askedRule({ approvers: ['secops'] })]
  assert.equal(refusal(vote(pending(1, { asks }), 'erin')), 'not-approver')
  assert.equal(refusal(vote(pending(1, { asks }), 'erin', { choice: 'deny' })), 'not-approver')
  assert.equal(after(vote(pending(1, { asks }), 'gus')).state, 'approved')
  const member = decider('gus', { isApprover: false, names: new Set(['secops']) })
  assert.equal(
    refusal(castVote(pending(1, { asks }), member, ballot(), AT, ENGAGEMENT)),
    'not-approver',
  )
})

test('a quorum counts people, not votes, and each rule has its own', () => {
  const asks = [askedRule({ quorum: 2 }), askedRule({ rule: 'size', approvers: ['secops'] })]
  const first = after(vote(pending(1, { asks }), 'erin'))
  assert.equal(first.state, 'pending')
  assert.equal(refusal(vote(first, 'erin')), 'already-voted')
  const second = after(vote(first, 'finn'))
  assert.equal(second.state, 'pending')
  assert.equal(after(vote(second, 'gus')).state, 'approved')
  assert.equal(after(vote(first, 'gus')).state, 'approved')
})

test('a vote of somebody who may not decide any more does not count', () => {
  const asks = [askedRule({ quorum: 2 })]
  const first = after(vote(pending(1, { asks }), 'erin'))
  const left: Engagement = {
    ...ENGAGEMENT,
    voter: (id) => (id === 'per_erin' ? null : ENGAGEMENT.voter(id)),
  }
  assert.equal(after(vote(first, 'finn', {}, left)).state, 'pending')
})

test('one denial wins over any number of approvals before it', () => {
  const asks = [askedRule({ quorum: 3 })]
  let approval = pending(1, { asks })
  for (const login of ['erin', 'finn']) approval = after(vote(approval, login))
  const move = vote(approval, 'erin', { choice: 'deny', reason: 'changed my mind' })
  assert.equal(after(move).state, 'denied')
  assert.equal(move.kind === 'moved' && move.grant, null)
})

test('the most careful of several approvers says how it is sent', () => {
  const asks = [askedRule({ quorum: 2 })]
  const masked = vote(after(vote(pending(1, { asks }), 'erin', { choice: 'masked' })), 'finn')
  assert.equal(after(masked).state, 'approved-masked')
  assert.ok(masked.kind === 'moved' && masked.grant?.masked === true)
  const mixed = vote(after(vote(pending(1, { asks }), 'erin', { choice: 'conversation' })), 'finn')
  assert.ok(mixed.kind === 'moved' && mixed.grant?.kind === 'once')
})

test('what is decided stays decided', () => {
  for (const choice of APPROVAL_CHOICES) {
    const decided = after(vote(pending(1), 'erin', { choice }))
    assert.equal(refusal(vote(decided, 'finn', { choice: 'deny' })), 'decided')
    assert.equal(refusal(expire(decided, AT.nowMs)), 'decided')
    assert.equal(refusal(escalate(decided, AT.nowMs)), 'decided')
    assert.equal(
      refusal(cancel(decided, { login: 'dana', reason: '', surface: 'api' }, AT.nowMs)),
      'decided',
    )
  }
})

test('a decision that comes after the time is over does not count, also before anybody noticed', () => {
  const late = { ...AT, nowMs: pending(1).expiresAtMs }
  assert.equal(refusal(castVote(pending(1), who('erin'), ballot(), late, ENGAGEMENT)), 'expired')
  assert.equal(after(expire(pending(1), late.nowMs)).state, 'expired')
})

test('what the rule demands is demanded: a reason, a fresh login in the console, single requests', () => {
  const reason = pending(1, { terms: askedTerms({ reasonRequired: true }) })
  assert.equal(refusal(vote(reason, 'erin', { reason: ' ' })), 'reason-required')
  assert.equal(after(vote(reason, 'erin', { reason: 'known vendor' })).state, 'approved')
  const high = pending(1, { terms: askedTerms({ highAssurance: true }) })
  for (const surface of ['api', 'cli', 'slack', 'console'])
    assert.equal(refusal(vote(high, 'erin', { surface })), 'high-assurance')
  const fresh = decider('erin', { isFresh: true })
  assert.equal(
    refusal(castVote(high, fresh, ballot({ surface: 'slack' }), AT, ENGAGEMENT)),
    'high-assurance',
  )
  assert.equal(
    after(castVote(high, fresh, ballot({ surface: 'console' }), AT, ENGAGEMENT)).state,
    'approved',
  )
  const once = pending(1, { terms: askedTerms({ grants: 'once' }) })
  assert.equal(refusal(vote(once, 'erin', { choice: 'conversation' })), 'choice-not-allowed')
  const alone = pending(1, { request: frozen({ conversation: null }) })
  assert.equal(refusal(vote(alone, 'erin', { choice: 'conversation' })), 'no-conversation')
})

const writtenBy = (authors: Readonly<Record<string, string>>): Engagement => ({
  ...ENGAGEMENT,
  isAuthor: ({ rule }, { login }) => authors[rule] === login,
})

test('the author of a rule does not approve what it holds where that is configured, and may deny it', () => {
  const authored = writtenBy({ cards: 'erin' })
  assert.equal(refusal(vote(pending(1), 'erin', {}, authored)), 'policy-author')
  assert.equal(after(vote(pending(1), 'erin', { choice: 'deny' }, authored)).state, 'denied')
  assert.equal(after(vote(pending(1), 'finn', {}, authored)).state, 'approved')
})

test('of several rules an author answers for those that others wrote, and breaks the glass for none', () => {
  const asks = [askedRule({ rule: 'cards' }), askedRule({ rule: 'names' })]
  const authored = writtenBy({ cards: 'erin', names: 'ivo' })
  const held = pending(1, { asks })
  const first = after(vote(held, 'erin', {}, authored))
  assert.equal(first.state, 'pending')
  assert.equal(after(vote(first, 'finn', {}, authored)).state, 'approved')
  const broken = { breakGlass: true, reason: 'fire' }
  assert.equal(refusal(vote(held, 'ivo', broken, authored)), 'policy-author')
  assert.equal(after(vote(held, 'ivo', broken)).state, 'approved')
})

test('breaking the glass needs the group and a reason, and somebody else to look at it afterwards', () => {
  const asks = [askedRule({ quorum: 3, approvers: ['secops'] })]
  const held = pending(1, { asks })
  assert.equal(refusal(vote(held, 'erin', { breakGlass: true, reason: 'x' })), 'not-break-glass')
  assert.equal(refusal(vote(held, 'ivo', { breakGlass: true })), 'reason-required')
  const forced = after(vote(held, 'ivo', { breakGlass: true, reason: 'outage' }))
  assert.equal(forced.state, 'approved')
  assert.ok(forced.brokeGlass && forced.review === null)
  assert.equal(refusal(review(forced, who('ivo'), 'fine', AT.nowMs)), 'own-request')
  assert.equal(refusal(review(forced, who('dana'), 'fine', AT.nowMs)), 'own-request')
  assert.equal(refusal(review(forced, who('gus'), '', AT.nowMs)), 'reason-required')
  const seen = after(review(forced, who('gus'), 'was right', AT.nowMs))
  assert.equal(seen.review?.by, 'gus')
  assert.equal(refusal(review(seen, who('hana'), 'again', AT.nowMs)), 'decided')
  assert.equal(refusal(review(after(vote(pending(1), 'erin')), who('gus'), 'x', 1)), 'decided')
})

test('after half of the time the next group may decide as well', () => {
  const asks = [askedRule({ approvers: ['finn'], escalateTo: ['secops'] })]
  const held = pending(1, { asks })
  assert.equal(refusal(vote(held, 'gus')), 'not-approver')
  assert.equal(escalationAtMs(held), EPOCH_MS + 900_000)
  const escalated = after(escalate(held, escalationAtMs(held)))
  assert.equal(refusal(escalate(escalated, AT.nowMs)), 'decided')
  assert.equal(after(vote(escalated, 'gus')).state, 'approved')
  assert.equal(after(vote(escalated, 'finn')).state, 'approved')
})

test('a request that joins is decided with the first, once', () => {
  const both = joined(pending(1), 'digest-2', [])
  assert.ok(both !== null)
  assert.equal(joined(both, 'digest-2', ['dana']), null)
  const move = vote(both, 'erin')
  assert.deepEqual(move.kind === 'moved' && move.grant?.digests, ['digest-1', 'digest-2'])
  const theirs = joined(both, 'digest-2', ['erin'])
  assert.ok(theirs !== null)
  assert.equal(refusal(vote(theirs, 'erin')), 'own-request')
})

test('whatever people do in whatever order, an approval has one end, and a grant exactly when it was approved', () => {
  const deed = fc.record({
    person: fc.constantFrom(...PEOPLE),
    choice: fc.constantFrom(...APPROVAL_CHOICES),
    deed: fc.constantFrom('vote', 'vote', 'vote', 'expire', 'cancel', 'escalate', 'force'),
    atMs: fc.integer({ min: 0, max: 2_000_000 }),
  })
  fc.assert(
    fc.property(
      fc.array(deed, { maxLength: 14 }),
      fc.integer({ min: 1, max: 3 }),
      (deeds, quorum) => {
        let approval = pending(1, { asks: [askedRule({ quorum })] })
        let grants = 0
        let ends = 0
        for (const { person, choice, deed, atMs } of deeds) {
          const nowMs = EPOCH_MS + atMs
          const before = approval
          const move =
            deed === 'expire'
              ? expire(approval, nowMs)
              : deed === 'cancel'
                ? cancel(approval, { login: 'dana', reason: '', surface: 'api' }, nowMs)
                : deed === 'escalate'
                  ? escalate(approval, nowMs)
                  : castVote(
                      approval,
                      person,
                      ballot({ choice, reason: 'r', breakGlass: deed === 'force' }),
                      { nowMs, grantId: 'gr' },
                      ENGAGEMENT,
                    )
          if (move.kind === 'refused') continue
          approval = move.approval
          assert.equal(approval.version, before.version + 1)
          assert.deepEqual(approval.history.slice(0, before.history.length), before.history)
          if (move.grant !== null) grants += 1
          if (before.state === 'pending' && approval.state !== 'pending') ends += 1
          else assert.equal(before.state, approval.state)
        }
        assert.ok(ends <= 1)
        assert.equal(grants, approval.state.startsWith('approved') ? 1 : 0)
        const people = new Set(approval.votes.map((vote) => vote.person))
        assert.ok(!people.has('per_dana'))
        if (approval.state.startsWith('approved') && !approval.brokeGlass)
          assert.ok(people.size >= quorum)
      },
    ),
    { numRuns: 500 },
  )
})
