/** What cases must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaseEntryRow, CaseRow } from '../../src/model/cases.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

const digits = (n: number): string => String(n).padStart(26, '0')

function caseRow(n: number, changes: Partial<CaseRow> = {}): Omit<CaseRow, 'number'> {
  return {
    id: `cs_${digits(n)}`,
    title: 'Löwe\0 \ud800 leaked',
    question: "who saw it? '; drop table cases; --",
    status: 'open',
    severity: 'high',
    tlp: 'amber+strict',
    sealed: true,
    createdBy: 'per_1',
    createdAtMs: EPOCH_MS + n,
    updatedAtMs: EPOCH_MS + n,
    closedAtMs: null,
    version: 1,
    ...changes,
  }
}

function entryRow(n: number, changes: Partial<CaseEntryRow> = {}): CaseEntryRow {
  return {
    id: `ce_${digits(n)}`,
    caseId: `cs_${digits(1)}`,
    kind: 'pin',
    atMs: EPOCH_MS + n,
    person: 'per_1',
    parent: null,
    target: 'ex_1',
    span: { part: 'answer', block: null, start: 3, end: 9 },
    text: 'here\0',
    task: null,
    editedAtMs: null,
    removedAtMs: null,
    version: 1,
    ...changes,
  }
}

export function casesContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: cases are numbered in the order in which they are opened, also at the same moment`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { cases } = store.control
    const made = await Promise.all([1, 2, 3, 4].map((n) => cases.insert(caseRow(n))))
    assert.deepEqual(made.map(({ number }) => number).toSorted(), [1, 2, 3, 4])
    const listed = await cases.list({ limit: 10 })
    assert.deepEqual(
      listed.map(({ id }) => id),
      [4, 3, 2, 1].map((n) => `cs_${digits(n)}`),
    )
    assert.deepEqual(await cases.list({ limit: 1, before: listed[1]?.id ?? '' }), [listed[2]])
    const one = await cases.byId(`cs_${digits(1)}`)
    assert.equal(one?.title, 'Löwe\uFFFD \uFFFD leaked')
    assert.deepEqual([one?.sealed, one?.tlp], [true, 'amber+strict'])
    assert.equal(await cases.byId('cs_\0'), null)
  })

  test(`${engine}: a case changes only from its version, and keeps its number and who opened it`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { cases } = store.control
    const row = await cases.insert(caseRow(1))
    const next = { ...row, status: 'closed' as const, number: 99, createdBy: 'x', version: 2 }
    assert.equal(await cases.update(next), true)
    assert.equal(await cases.update(next), false)
    const after = await cases.byId(row.id)
    assert.deepEqual([after?.status, after?.number, after?.createdBy], ['closed', 1, 'per_1'])
    assert.deepEqual(await cases.list({ limit: 5, status: 'open' }), [])
  })

  test(`${engine}: members come once, and the last of them stays`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { cases } = store.control
    const { id: caseId } = await cases.insert(caseRow(1))
    const member = { caseId, person: 'per_2', addedBy: 'per_1', addedAtMs: EPOCH_MS + 5 }
    const added = await Promise.all([cases.addMember(member), cases.addMember(member)])
    assert.deepEqual(added.toSorted(), [false, true])
    assert.deepEqual(
      (await cases.members(caseId)).map(({ person }) => person),
      ['per_1', 'per_2'],
    )
    assert.deepEqual([...(await cases.casesOf('per_2'))], [caseId])
    assert.equal(await cases.removeMember(caseId, 'per_3'), 'none')
    const gone = await Promise.all(
      ['per_1', 'per_2'].map((person) => cases.removeMember(caseId, person)),
    )
    assert.deepEqual(gone.toSorted(), ['last', 'removed'])
  })

  test(`${engine}: entries come in order, change from their version, and are never deleted`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { cases } = store.control
    const { id } = await cases.insert(caseRow(1))
    await cases.insertEntry(
      entryRow(2, {
        kind: 'task',
        target: '',
        span: null,
        task: { assignee: 'per_1', isDone: false },
      }),
    )
    await cases.insertEntry(entryRow(1))
    const [pin, task] = await cases.entries(id)
    assert.deepEqual(pin, entryRow(1, { text: 'here\uFFFD' }))
    assert.deepEqual(task?.task, { assignee: 'per_1', isDone: false })
    assert.equal((await cases.list({ limit: 5, exchange: 'ex_1' })).length, 1)
    const removed = { ...entryRow(1), text: 'x', kind: 'note' as const, removedAtMs: 7, version: 2 }
    assert.equal(await cases.updateEntry(removed), true)
    assert.equal(await cases.updateEntry(removed), false)
    assert.equal(await cases.updateEntry({ ...removed, caseId: 'cs_2', version: 3 }), false)
    const [after] = await cases.entries(id)
    assert.deepEqual([after?.kind, after?.removedAtMs, after?.text], ['pin', 7, 'x'])
    assert.deepEqual(await cases.list({ limit: 5, exchange: 'ex_1' }), [])
  })
}
