import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { isTarName, readTar, TAR_END, tarHeader, tarPadding } from './tar.ts'

type Files = readonly (readonly [name: string, content: Buffer])[]

const archive = (files: Files): Buffer =>
  Buffer.concat([
    ...files.flatMap(([name, content]) => [
      tarHeader(name, content.length, 1_764_000_000),
      content,
      tarPadding(content.length),
    ]),
    TAR_END,
  ])

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function unpack(bytes: Buffer, size = 777): Promise<Files> {
  const files: [string, Buffer][] = []
  for await (const { name, content } of readTar(pieces(bytes, size))) {
    const parts: Buffer[] = []
    for await (const part of content) parts.push(part)
    files.push([name, Buffer.concat(parts)])
  }
  return files
}

test('files come back as they were put in, however the archive is cut into pieces', async () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,10}(?:\/[a-z0-9][a-z0-9._-]{0,20}){0,3}$/)
  const file = fc.tuple(
    name,
    fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 6 }),
      fc.integer({ min: 1, max: 2000 }),
      async (files, size) => {
        assert.deepEqual(await unpack(archive(files), size), files)
      },
    ),
    { numRuns: 60 },
  )
})

test('the tar of the system opens what we write, and we read what it writes', async () => {
  using folder = temporaryFolder()
  const files: Files = [
    ['README.md', Buffer.from('hello')],
    ['exchanges/ex_1/request.bin', Buffer.alloc(5000, 7)],
    ['empty', Buffer.alloc(0)],
  ]
  writeFileSync(join(folder.path, 'a.tar'), archive(files))
  mkdirSync(join(folder.path, 'out'))
  execFileSync('tar', ['xf', '../a.tar'], { cwd: join(folder.path, 'out') })
  for (const [name, content] of files)
    assert.deepEqual(readFileSync(join(folder.path, 'out', name)), content)
  const names = files.map(([name]) => name)
  execFileSync('tar', ['--format=ustar', '-cf', '../b.tar', ...names], {
    cwd: join(folder.path, 'out'),
  })
  assert.deepEqual(await unpack(readFileSync(join(folder.path, 'b.tar'))), files)
})

test('names that lead elsewhere are neither written nor read', async () => {
  const bad = [
    '/etc/passwd',
    '../x',
    'a/../b',
    './a',
    'a//b',
    'a/',
    '',
    '.hidden',
    'a\0b',
    'ä',
    '-r',
  ]
  for (const name of bad) {
    assert.equal(isTarName(name), false, name)
    assert.throws(() => tarHeader(name, 0, 0))
  }
  const header = tarHeader('aa/passwd', 0, 0)
  for (const name of ['../passwd', '/a/passwd']) {
    const forged = Buffer.from(header)
    forged.write(name.padEnd(10, '\0'), 0, 'latin1')
    await assert.rejects(unpack(Buffer.concat([resum(forged), TAR_END])))
  }
})

/** With a checksum that fits again. */
function resum(header: Buffer): Buffer {
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

test('links, devices, folders, long names, damage, a missing end and bytes behind it are refused', async () => {
  const good = archive([['a', Buffer.from('content')]])
  for (const type of ['1', '2', '3', '5', 'L', 'x']) {
    const header = Buffer.from(tarHeader('a', 0, 0))
    header.write(type, 156, 'latin1')
    await assert.rejects(unpack(Buffer.concat([resum(header), TAR_END])), /no bundle holds/)
  }
  const prefixed = Buffer.from(tarHeader('a', 0, 0))
  prefixed.write('etc', 345, 'latin1')
  await assert.rejects(unpack(Buffer.concat([resum(prefixed), TAR_END])), /no bundle holds/)
  for (let at = 0; at < 512; at += 1) {
    const damaged = Buffer.from(good)
    damaged[at] = (damaged[at] ?? 0) ^ 0x04
    await assert.rejects(unpack(damaged), `byte ${at}`)
  }
  for (const length of [0, 100, 511, 513, 520, 1024, 1536])
    await assert.rejects(unpack(good.subarray(0, length)), `cut at ${length}`)
  await assert.rejects(unpack(Buffer.concat([good, Buffer.from('more')])), /follow/)
})
