import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonLines, runCliWith } from '../../../test/harness/cli.ts'
import { startConsole, type TestConsole } from '../../../test/harness/console.ts'
import { temporaryFolder, type TemporaryFolder } from '../../../test/harness/evidence.ts'
import { readBundle } from '../../evidence/bundle/read-bundle.ts'

const REASON = ['--reason', 'request 12 of the regulator']

const POLICY = `version: 1
rules:
  - id: drafts
    title: Drafts are kept for a day
    on: request
    keywords: ["first draft"]
    then: allow
    tags: [draft]
    stage: enforce
    tests:
      - name: a draft
        given: { text: "a first draft" }
        expect: allow
`
const YAML = `retention:
  classes:
    brief: { minDays: 0, maxDays: 1, tags: ["draft*"] }
`

let console: TestConsole
let folder: TemporaryFolder
const tokens = { admin: '', investigator: '' }

before(async () => {
  console = await startConsole({ policy: POLICY, yaml: YAML })
  folder = await temporaryFolder()
  tokens.admin = (await console.person('an admin', ['admin'])).token
  tokens.investigator = (await console.person('an investigator', ['investigator'])).token
})
after(async () => {
  await console[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const as = (who: keyof typeof tokens, ...args: readonly string[]) =>
  runCliWith(
    { env: { CUSTODY_TOKEN: tokens[who], CUSTODY_SERVER: console.gateway.adminUrl } },
    ...args,
  )

test('a hold set here refuses an erasure, is released by another, and then it is erased with a receipt', async () => {
  const id = await console.chat('to be kept for a while')
  const set = await as('investigator', 'holds', 'set', '--exchange', id, ...REASON)
  assert.deepEqual([set.code, set.err], [0, ''])
  const [hold = ''] = set.out.split(' ')
  assert.match(hold, /^ho_/)
  assert.match((await as('admin', 'holds')).out, new RegExp(`${hold}.*exchange ${id}`))
  const here = ['--data', console.gateway.folder]
  for (const [where, say] of [
    ['remote', () => as('admin', 'exchanges')],
    ['local', () => runCliWith({ env: {} }, 'exchanges', ...here)],
    ['shown', () => runCliWith({ env: {} }, 'show', id, ...here)],
    ['shown remotely', () => as('investigator', 'show', id)],
  ] as const)
    assert.ok((await say()).out.includes(hold), where)
  const json = await runCliWith({ env: {} }, 'show', id, '--json', ...here)
  assert.deepEqual(JSON.parse(json.out).holds, [hold])
  const refused = await as('admin', 'erase', id, '--despite-minimum', ...REASON)
  assert.equal(refused.code, 1)
  assert.match(refused.err, /request 12 of the regulator[\s\S]*nothing was erased/)
  assert.match((await as('investigator', 'holds', 'release', hold, ...REASON)).err, /own-hold/)
  assert.equal((await as('admin', 'holds', 'release', hold, ...REASON)).code, 0)
  const dry = await as('admin', 'erase', id, '--despite-minimum', '--dry-run')
  assert.equal(dry.out, `${id}\n`)
  const receipt = join(folder.path, 'receipt.json')
  const args = ['erase', id, '--despite-minimum', '--receipt', receipt, ...REASON]
  // As it was written before events of approvals named nobody.
  const { app } = console.gateway
  const asked = { type: 'approval.created', atMs: Date.now(), actor: 'bob@bank.example' } as const
  await app.evidence.recorder.note({ ...asked, details: { principal: asked.actor }, records: [id] })
  const erased = await as('admin', ...args)
  assert.equal(erased.code, 0)
  assert.match(erased.err, /^events of an older version still name the caller: ev_\w+\n$/)
  const [first] = JSON.parse(readFileSync(receipt, 'utf8')).erasures
  assert.deepEqual(first.naming, [/ev_\w+/.exec(erased.err)![0]])
  assert.match(readFileSync(receipt, 'utf8'), /c2sp\.org\/tlog-proof@v1/)
  assert.equal(statSync(receipt).mode & 0o777, 0o600)
  assert.match((await as('admin', 'show', id)).err, /api\.erased/)
  const gone = await runCliWith({ env: {} }, 'show', id, ...here)
  assert.equal(gone.code, 3)
  assert.match(gone.err, /was erased, as recorded, .*request of .*request 12 of the regulator/)
  assert.doesNotMatch((await runCliWith({ env: {} }, 'exchanges', ...here)).out, /HELD/)
  assert.equal((await as('admin', 'holds')).out, '')
  assert.match((await as('admin', 'holds', '--all')).out, /an admin/)
})

test('a value is erased by a job that a hold refuses with its reason, and that goes on when it is released', async () => {
  const value = 'the blue-footed "booby" of Genovesa'
  const file = join(folder.path, 'value.txt')
  const receipt = join(folder.path, 'value-receipt.json')
  writeFileSync(file, `${value}\n`)
  const id = await console.chat(`write about ${value}`)
  const other = await console.chat('write about something else')
  const wanted = ['--value-file', file, '--despite-minimum', '--receipt', receipt]
  const forbidden = await as('admin', 'erase', ...wanted, ...REASON)
  assert.match(forbidden.err, /api\.forbidden/)
  const both = await as('investigator', 'erase', id, ...wanted, ...REASON)
  assert.match(both.err, /name one thing to erase/)
  const dry = await as('investigator', 'erase', ...wanted, '--dry-run')
  assert.deepEqual([dry.code, dry.out], [0, `${id}\n`], dry.err)
  const set = await as('investigator', 'holds', 'set', '--exchange', id, ...REASON)
  const refused = await as('investigator', 'erase', ...wanted, ...REASON)
  assert.equal(refused.code, 1)
  assert.match(refused.err, /request 12 of the regulator[\s\S]*nothing was erased/)
  const job = /^ej_\w+/m.exec(refused.err)?.[0] ?? ''
  assert.match((await as('admin', 'erasures')).out, new RegExp(`${job}.*refused`))
  const [hold = ''] = set.out.split(' ')
  assert.equal((await as('admin', 'holds', 'release', hold, ...REASON)).code, 0)
  const again = ['--value-file', file, '--receipt', receipt, '--json']
  const done = await as('investigator', 'erasures', 'resume', job, ...again)
  assert.equal(done.code, 0, done.err)
  const [told] = jsonLines(done.out)
  assert.deepEqual([told?.['state'], told?.['erased'], told?.['found']], ['done', 1, 0])
  const written = readFileSync(receipt, 'utf8')
  assert.match(written, /c2sp\.org\/tlog-proof@v1/)
  assert.ok(written.includes(id) && !written.includes('Genovesa'))
  assert.match((await as('admin', 'show', id)).err, /api\.erased/)
  assert.equal((await as('investigator', 'show', other)).code, 0)
  const spent = await as('investigator', 'erasures', 'cancel', job)
  assert.deepEqual(
    [spent.code, spent.out],
    [
      0,
      `${job}  done: read ${Number(told?.['searched'])} of ${Number(told?.['total'])} exchanges, 0 hold it\n`,
    ],
  )
  assert.equal((await as('investigator', 'erasures', 'show', 'ej_nothing')).code, 3)
})

test('what a rule calls a draft is of the class of drafts, and the plan names it before it is erased', async () => {
  const draft = await console.chat('a first draft of the letter')
  const other = await console.chat('the letter')
  const plan = await as('admin', 'retention', 'plan', '--days', '2')
  assert.equal(plan.code, 0, plan.err)
  assert.match(plan.out, new RegExp(`\\nbrief:\\n  ${draft}  \\d{4}-`))
  assert.ok(!plan.out.includes(other))
  assert.ok(!(await as('admin', 'retention', '--days', '0')).out.includes(draft))
  const set = await as('investigator', 'holds', 'set', '--exchange', draft, ...REASON)
  const [hold = ''] = set.out.split(' ')
  const all = await as('admin', 'retention', '--days', '2', '--json')
  const classes = JSON.parse(all.out).classes as { name: string; exchanges: object[] }[]
  const [named] = classes.find(({ name }) => name === 'brief')!.exchanges
  assert.deepEqual(
    { ...named, receivedAtMs: 0, dueAtMs: 0, bytes: 0 },
    {
      exchange: draft,
      receivedAtMs: 0,
      dueAtMs: 0,
      bytes: 0,
      holds: [hold],
    },
  )
  await as('admin', 'holds', 'release', hold, ...REASON)
})

test('a bundle is written to a file that was not there, and is whole', async () => {
  const id = await console.chat('for the court')
  const out = join(folder.path, 'bundle.tar')
  const made = await as('investigator', 'export', id, '--raw', '--out', out, ...REASON)
  assert.equal(made.code, 0, made.err)
  assert.match(made.err, /not encrypted/)
  const reading = await readBundle(
    (async function* () {
      yield readFileSync(out)
    })(),
  )
  assert.deepEqual(reading.problems, [])
  assert.equal(reading.manifest.items[0]?.state, 'recorded')
  const again = await as('investigator', 'export', id, '--out', out, ...REASON)
  assert.equal(again.code, 1)
  assert.ok(existsSync(out))
  const byFilter = join(folder.path, 'filtered.tar')
  const filter = ['--model', 'echo', '--since', '1h', '--format', 'csv']
  const more = await as('investigator', 'export', ...filter, '--out', byFilter, ...REASON)
  assert.equal(more.code, 0, more.err)
  const denied = await as('admin', 'export', id, '--out', join(folder.path, 'x.tar'), ...REASON)
  assert.deepEqual([denied.code, existsSync(join(folder.path, 'x.tar'))], [1, false])
})

test('the plan of retention is shown, and a run says what it did', async () => {
  assert.match((await as('admin', 'retention')).out, /default +183d +kept/)
  assert.match((await as('admin', 'retention', 'run')).out, /^erased 0 exchanges/)
  const [plan] = jsonLines((await as('admin', 'retention', 'plan', '--json', '--days', '30')).out)
  assert.equal(plan?.['horizonDays'], 30)
})

test('what makes no sense is refused before anything is asked', async () => {
  const value = join(folder.path, 'value.txt')
  writeFileSync(value, 'a value')
  for (const args of [
    ['holds', 'set', ...REASON],
    ['holds', 'set', '--exchange', 'ex_1', '--case', 'C', ...REASON],
    ['holds', 'set', '--exchange', 'ex_1', '--reason', 'short'],
    ['erase', ...REASON],
    ['erase', 'ex_1', '--value-file', value, ...REASON],
    ['export', '--out', join(folder.path, 'y.tar'), ...REASON],
    ['export', 'ex_1', ...REASON],
    ['retention', 'plan', '--days', 'many'],
  ]) {
    assert.equal((await as('admin', ...args)).code, 2, args.join(' '))
  }
  const alone = await runCliWith({ env: {} }, 'retention', 'plan')
  assert.deepEqual([alone.code, /--server/.test(alone.err)], [2, true])
})
