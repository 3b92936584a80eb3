/** Serves the policy: reading for everyone, writing for policy authors, and only where the console is its source. */
import { isDeepStrictEqual } from 'node:util'
import type { Explained, PolicyRemark } from '../../incident/policy-desk.ts'
import { isExchangeId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import type { PolicyVersionRow } from '../../model/policy-version.ts'
import { policyChanges } from '../../policy/changes.ts'
import { stageText } from '../../policy/explain.ts'
import type { Explanation, PolicyVersion } from '../contract/policy.ts'
import {
  backtestPolicy,
  checkPolicy,
  explainExchange,
  listPolicyVersions,
  publishPolicy,
  readPolicyNow,
  readPolicyVersion,
} from '../contract/policy.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'

const DAY_MS = 86_400_000

export function policyRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(readPolicyNow), (context) => {
    const { policy, ...now } = parts.policy.inForce()
    const rules = (policy?.rules ?? []).map((rule) => ({
      id: rule.id,
      title: rule.title,
      on: [...rule.on],
      verdict: rule.verdict,
      stage: stageText(rule),
    }))
    const starter = parts.policy.starter()
    return context.json({ ...now, hash: policy?.hash ?? '', rules, starter }, 200)
  })
  app.openapi(guarded(listPolicyVersions), async (context) => {
    const { cursor, limit } = context.req.valid('query')
    const before = cursor === undefined ? null : Number(cursor)
    const rows = await parts.control.policyVersions.list({ before, limit: limit + 1 })
    const items = rows.slice(0, limit)
    const next = rows.length > limit ? String(items.at(-1)?.version ?? '') : null
    return context.json({ items: items.map(shown), next }, 200)
  })
  app.openapi(guarded(readPolicyVersion), async (context) => {
    const row = await parts.control.policyVersions.read(Number(context.req.valid('param').version))
    if (row === null) throw fail('api.not-found')
    return context.json({ ...shown(row), text: row.text }, 200)
  })
  app.openapi(guarded(explainExchange), async (context) => {
    const { id } = context.req.valid('param')
    if (!isExchangeId(id)) throw fail('api.not-found')
    const answer = await parts.policy.explain(id)
    if (answer.kind === 'unreadable') throw fail('api.unreadable')
    if (answer.kind !== 'explained') throw fail('api.not-found')
    return context.json(shownExplanation(answer.explained), 200)
  })
  app.openapi(guarded(checkPolicy), (context) => {
    const { text } = context.req.valid('json')
    const { policy, hash, remarks, tests } = parts.policy.check(text)
    const before = parts.policy.inForce().policy
    const changes =
      policy === null || before === null ? [] : policyChanges(before, policy, isDeepStrictEqual)
    return context.json(
      {
        ok: policy !== null,
        hash,
        remarks: [...remarks],
        tests: tests.map((one) => ({ ...one, reasons: [...one.reasons] })),
        changes: changes.map((one) => ({ ...one, fields: [...one.fields] })),
      },
      200,
    )
  })
  app.openapi(guarded(backtestPolicy), async (context) => {
    const { text, days } = context.req.valid('json')
    const report = await parts.policy.backtest(text, parts.clock.nowMs() - days * DAY_MS)
    if (report === null) throw invalid(parts.policy.check(text).remarks)
    const rules = report.rules.map((rule) => ({ ...rule, samples: [...rule.samples] }))
    return context.json(
      { ...report, rules, byService: { ...report.byService }, byDay: { ...report.byDay } },
      200,
    )
  })
  app.openapi(guarded(publishPolicy), async (context) => {
    const { text, note, basedOn } = context.req.valid('json')
    const { person } = context.get('signedIn')
    const published = await parts.policy.publish({
      text,
      note,
      basedOn,
      author: { id: person.id, name: person.name },
    })
    switch (published.kind) {
      case 'published': {
        const { version, hash } = published.version
        context.get('audit').add({ target: `policy ${version}`, reason: note, details: { hash } })
        return context.json(shown(published.version), 201)
      }
      case 'invalid':
        throw invalid(published.remarks)
      case 'stale':
        throw fail('api.precondition')
      case 'file':
        throw fail('api.conflict', 'The policy is a file, named in custody.yaml; edit it there.')
    }
  })
}

function invalid(remarks: readonly PolicyRemark[]): InvalidRequest {
  return new InvalidRequest(
    remarks
      .filter(({ kind }) => kind === 'problem')
      .map(({ line, message }) => ({ path: `text, line ${line}`, message })),
  )
}

function shown(row: Omit<PolicyVersionRow, 'text'>): PolicyVersion {
  const { version, hash, authorName, note, createdAtMs } = row
  return { version, hash, authorName, note, createdAtMs }
}

function shownExplanation({ recorded, rules, ...explained }: Explained): Explanation {
  return {
    ...explained,
    recorded:
      recorded === null
        ? null
        : { policy: recorded.policy, verdict: recorded.verdict, deciding: recorded.deciding },
    rules: rules.map((rule) => ({
      ...rule,
      criteria: rule.criteria.map((criterion) => ({ ...criterion })),
    })),
  }
}
