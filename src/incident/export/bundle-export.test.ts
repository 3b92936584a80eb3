import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { bundleOf, check, filesIn, headOf, pack } from '../../../test/harness/bundles.ts'
import { eraseNow, recordChat, type Recorded } from '../../../test/harness/erasing.ts'
import {
  openTestEvidence,
  temporaryFolder,
  type TestEvidence,
} from '../../../test/harness/evidence.ts'
import { signManifest, type Manifest } from '../../evidence/bundle/manifest.ts'
import { formatNoteKey, noteSigner } from '../../evidence/log/note-key.ts'
import { isRecipient } from './seal.ts'

const ROOT = join(import.meta.dirname, '../../..')

const SECRET = 'the merger of Umbra and Lux'
const HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>\u202e=cmd|calc'

async function threeExchanges(opened: TestEvidence): Promise<readonly Recorded[]> {
  const chat = (text: string) =>
    recordChat(opened.evidence, [
      { role: 'system', text: 'be kind' },
      { role: 'user', text },
    ])
  return [await chat(SECRET), await chat(HOSTILE), await chat('a quokka')]
}

test('a raw bundle verifies in every part, with the bodies byte for byte', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const recorded = await threeExchanges(opened)
  const bytes = await bundleOf(opened, headOf(recorded.map(({ id }) => id)))
  const report = await check(opened, bytes)
  assert.deepEqual(report.problems, [])
  assert.deepEqual(
    report.items.map(({ exchange, verdict, problems }) => [exchange, verdict, problems]),
    recorded.map(({ id }) => [id, 'verified', []]),
  )
  const files = await filesIn(bytes)
  for (const { id, body, answer } of recorded) {
    assert.deepEqual(files.get(`exchanges/${id}/request.bin`), body)
    assert.deepEqual(files.get(`exchanges/${id}/answer.bin`), answer)
  }
})

test('a masked bundle is proven, and no word of the content is in it', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const recorded = await threeExchanges(opened)
  const head = headOf(
    recorded.map(({ id }) => id),
    { content: 'masked' },
  )
  const bytes = await bundleOf(opened, head)
  const report = await check(opened, bytes)
  assert.deepEqual(report.problems, [])
  for (const { verdict } of report.items) assert.equal(verdict, 'proven')
  for (const word of ['merger', 'Umbra', 'quokka', 'be kind', 'answer to']) {
    assert.equal(bytes.indexOf(word), -1, word)
  }
})

test('an erased exchange is in the bundle as erased, with the event that says so', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const [first, second] = await threeExchanges(opened)
  await eraseNow(opened.evidence, [first!.id])
  const bytes = await bundleOf(opened, headOf([first!.id, second!.id]))
  const report = await check(opened, bytes)
  assert.deepEqual(report.problems, [])
  assert.deepEqual(
    report.items.map(({ verdict }) => verdict),
    ['erased as recorded', 'verified'],
  )
  assert.equal(report.events, 2)
  const files = await filesIn(bytes)
  for (const path of files.keys()) {
    if (!/^custody\/.*\.(?:leaf|payload|tlog-proof)$/.test(path)) continue
    files.delete(path)
  }
  const forged = await check(opened, pack(files))
  assert.equal(forged.items[0]?.verdict, 'missing')
})

test('every byte that is changed is noticed, wherever it stands', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const [first] = await threeExchanges(opened)
  const bytes = await bundleOf(opened, headOf([first!.id]))
  const files = await filesIn(bytes)
  for (const [path, content] of files) {
    if (content.length === 0) continue
    const changed = Buffer.from(content)
    const at = Math.floor(changed.length / 2)
    changed[at] = (changed[at] ?? 0) ^ 0x01
    const forged = pack(new Map([...files, [path, changed]]))
    const noticed = await check(opened, forged).then(
      ({ problems }) => problems.length > 0,
      () => true,
    )
    assert.ok(noticed, path)
    const without = new Map(files)
    without.delete(path)
    const missed = await check(opened, pack(without)).then(
      ({ problems }) => problems.length > 0,
      () => true,
    )
    assert.ok(missed, `${path} was left out`)
  }
})

test('a bundle that somebody else signed, or signed for another id, is refused', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  await using elsewhere = await temporaryFolder()
  await using other = await openTestEvidence(elsewhere.path)
  const [first] = await threeExchanges(opened)
  const bytes = await bundleOf(opened, headOf([first!.id]))
  assert.notDeepEqual((await check(other, bytes)).problems, [])
  const files = await filesIn(bytes)
  const signature = (await filesIn(await bundleOf(opened, headOf([first!.id])))).get('manifest.sig')
  const swapped = await check(opened, pack(new Map([...files, ['manifest.sig', signature!]])))
  assert.deepEqual(swapped.problems, ['the signature is of another manifest'])
})

test("whoever has the gateway's key cannot leave an answer out of a bundle, nor pass one record off as another", async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const [first, second] = await threeExchanges(opened)
  const files = await filesIn(await bundleOf(opened, headOf([first!.id, second!.id])))
  const whole: Manifest = JSON.parse(files.get('manifest.json')!.toString())
  const [one, two] = whole.items
  const at = `exchanges/${one!.exchange}`
  const forged = async (items: readonly (typeof one)[], without = /^$/, swap: object = {}) => {
    const kept = new Map([...files].filter(([path]) => !without.test(path)))
    for (const [path, from] of Object.entries(swap)) kept.set(path, files.get(String(from))!)
    const listed = whole.files
      .filter(({ path }) => kept.has(path))
      .map((file) => {
        const content = kept.get(file.path)!
        return { ...file, bytes: content.length, sha256: hash('sha256', content, 'hex') }
      })
    const bytes = Buffer.from(JSON.stringify({ ...whole, items, files: listed }))
    kept.set('manifest.json', bytes)
    kept.set('manifest.sig', signManifest(whole.id, bytes, opened.evidence.log.keys.signer))
    const report = await check(opened, pack(kept))
    return [...report.problems, ...report.items.flatMap(({ problems }) => problems)].join('; ')
  }
  assert.equal(await forged([one, two]), '')
  const noEnd = /(?:closed|closing|answer)/
  assert.match(await forged([{ ...one!, closed: null }], noEnd), /names no closing/)
  assert.match(await forged([{ ...one!, closed: one!.opened }], noEnd), /names no closing/)
  assert.match(await forged([{ ...one!, opened: one!.closed }, two]), /another index/)
  const asEnd = {
    [`${at}/closed.leaf`]: `${at}/opened.leaf`,
    [`${at}/closed.tlog-proof`]: `${at}/opened.tlog-proof`,
  }
  assert.match(await forged([one, two], /^$/, asEnd), /another index/)
  const asBegin = {
    [`${at}/opened.leaf`]: `${at}/closed.leaf`,
    [`${at}/opened.tlog-proof`]: `${at}/closed.tlog-proof`,
  }
  assert.match(
    await forged([{ ...one!, opened: one!.closed }, two], /^$/, asBegin),
    /is no opening/,
  )
  const foreign = `exchanges/${two!.exchange}`
  const others = {
    [`${at}/closed.leaf`]: `${foreign}/closed.leaf`,
    [`${at}/closed.tlog-proof`]: `${foreign}/closed.tlog-proof`,
  }
  assert.match(
    await forged([{ ...one!, closed: two!.closed }, two], /^$/, others),
    /another record/,
  )
  assert.match(
    await forged([one, two], /^$/, { [`${at}/answer.bin`]: `${foreign}/answer.bin` }),
    /answer\.bin is not/,
  )
  assert.match(await forged([one, two, one]), /twice/)
  assert.match(await forged([{ ...one!, state: 'erased' }, two]), /says that it was erased/)
})

test('the report runs and loads nothing, whatever was said; a spreadsheet meets no formula', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const recorded = await threeExchanges(opened)
  const files = await filesIn(await bundleOf(opened, headOf(recorded.map(({ id }) => id))))
  const html = files.get('report.html')!.toString('utf8')
  assert.ok(html.includes('&lt;script&gt;alert(1)'))
  assert.ok(!/<script|<img|<iframe|<link|javascript:|https?:/i.test(html))
  assert.ok(!html.includes('\u202e'))
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/)
  const csv = files.get('exchanges.csv')!.toString('utf8')
  assert.equal(
    csv
      .trim()
      .split('\r\n')
      .filter((line) => line.startsWith('"ex_')).length,
    3,
  )
  const har: { log: { entries: { comment: string }[] } } = JSON.parse(
    files.get('exchanges.har')!.toString('utf8'),
  )
  assert.deepEqual(
    har.log.entries.map(({ comment }) => comment),
    recorded.map(({ id }) => id),
  )
  const warc = files.get('exchanges.warc')!.toString('latin1')
  assert.equal(warc.match(/^WARC\/1\.1\r$/gm)?.length, 7)
  assert.equal(files.get('exchanges.jsonl')!.toString('utf8').trim().split('\n').length, 3)
})

test('an encrypted bundle opens with stock age for each recipient, and for nobody else', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const [first] = await threeExchanges(opened)
  const identities = [await generateX25519Identity(), await generateX25519Identity()]
  const recipients = await Promise.all(identities.map((identity) => identityToRecipient(identity)))
  const encrypted = await bundleOf(opened, headOf([first!.id], { recipients }))
  assert.equal(encrypted.indexOf('Umbra'), -1)
  for (const identity of identities) {
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const bytes = Buffer.from(await decrypter.decrypt(encrypted))
    assert.deepEqual((await check(opened, bytes)).problems, [])
  }
  const stranger = new Decrypter()
  stranger.addIdentity(await generateX25519Identity())
  await assert.rejects(stranger.decrypt(encrypted))
  for (const bad of ['', 'age1', 'nonsense', identities[0]!, `${recipients[0]!}x`])
    assert.equal(await isRecipient(bad), false, bad)
  assert.equal(await isRecipient(recipients[0]!), true)
})

/** The commands of the guide, as they stand there. */
function guideCommands(): string {
  const guide = readFileSync(join(ROOT, 'docs/guide/export.md'), 'utf8')
  const [, block] = /Without it:[^]*?```sh\n([^`]+)```/.exec(guide) ?? []
  assert.ok(block !== undefined, 'the guide shows how a bundle is checked')
  return block
}

test('the script of the guide checks a bundle with openssl, age and plain Node, and refuses every file that was changed', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const [first, second] = await threeExchanges(opened)
  await eraseNow(opened.evidence, [second!.id])
  const identity = await generateX25519Identity()
  const recipients = [await identityToRecipient(identity)]
  const before = formatNoteKey(opened.evidence.log.keys.signer.key)
  await opened.evidence.log.writer.rotateKey()
  const place = join(folder.path, 'elsewhere')
  mkdirSync(place)
  const encrypted = await bundleOf(opened, headOf([first!.id, second!.id], { recipients }))
  writeFileSync(join(place, 'case-12.tar.age'), encrypted)
  writeFileSync(join(place, 'key.txt'), `${identity}\n`)
  copyFileSync(join(ROOT, 'docs/guide/verify-bundle.mjs'), join(place, 'verify-bundle.mjs'))
  const hasAge = spawnSync('age', ['--version']).error === undefined
  if (!hasAge) {
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    writeFileSync(join(place, 'case-12.tar'), await decrypter.decrypt(encrypted))
  }
  const commands = guideCommands()
    .split('\n')
    .filter((line) => hasAge || !line.startsWith('age '))
    .join('\n')
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, LOG_KEY: before }
  // The bundle is under the newer key; who trusts the older one follows.
  const ran = spawnSync('sh', ['-e', '-c', commands], { cwd: place, env, encoding: 'utf8' })
  assert.equal(ran.status, 0, ran.stderr)
  assert.match(ran.stdout, /all holds/)
  assert.match(ran.stdout, new RegExp(`erased  ${second!.id}`))
  const verify = (key = before): { status: number | null; stderr: string } =>
    spawnSync('node', ['verify-bundle.mjs', 'case-12', key], { cwd: place, env, encoding: 'utf8' })
  const stranger = noteSigner(opened.evidence.log.keys.origin, 'note', Buffer.alloc(32, 3))
  assert.equal(verify(formatNoteKey(stranger!.key)).status, 1)
  for (const name of [
    'manifest.json',
    'manifest.sig',
    'log/checkpoint',
    'log/rotation.1',
    `exchanges/${first!.id}/request.bin`,
    `exchanges/${first!.id}/opened.leaf`,
    `exchanges/${first!.id}/opened.tlog-proof`,
    `exchanges/${first!.id}/opening.payload`,
  ]) {
    const path = join(place, 'case-12', name)
    const whole = readFileSync(path)
    const changed = Buffer.from(whole)
    changed[Math.floor(changed.length / 2)]! ^= 1
    writeFileSync(path, changed)
    assert.notEqual(verify().status, 0, name)
    writeFileSync(path, whole)
  }
  writeFileSync(join(place, 'case-12', 'more.txt'), 'put beside it')
  assert.match(verify().stderr, /more\.txt is not in the manifest/)
})
