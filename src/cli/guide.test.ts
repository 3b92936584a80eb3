import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { openTestEvidence, temporaryFolder } from '../../test/harness/evidence.ts'
import { record } from '../../test/harness/recorded.ts'
import { listKeys, createKey } from '../identity/key-admin.ts'
import { systemClock } from '../lib/clock.ts'
import { exchangeDocument } from './exchange-document.ts'
import { createProgram } from './program.ts'

const root = join(import.meta.dirname, '../..')
const guide = readFileSync(join(root, 'docs/guide/command-line.md'), 'utf8')

/** By its heading, without backquotes, in small letters. */
const sections = new Map(
  guide
    .split(/^##+ /m)
    .slice(1)
    .map((text) => {
      const [title = ''] = text.split('\n', 1)
      return [title.replaceAll('`', '').toLowerCase(), text.slice(title.length)] as const
    }),
)

function commandsOf(command: Command, path: string): (readonly [string, Command])[] {
  const children = command.commands.filter((child) => child.name() !== 'help')
  if (children.length === 0) return [[path, command]]
  return children.flatMap((child) => commandsOf(child, `${path} ${child.name()}`))
}

const program = await createProgram()
const commands = commandsOf(program, 'custody')

/** The section of a command, with the sections it leads to. */
function textOf(path: string): string {
  const own = sections.get(path) ?? ''
  const linked = [...own.matchAll(/\]\(#([\w-]+)\)/g)].map(
    ([, anchor = '']) => sections.get(anchor.replaceAll('-', ' ')) ?? '',
  )
  return [own, ...linked].join('\n')
}

const flagsIn = (text: string): string[] => text.match(/--[a-z][a-z-]+/g) ?? []

test('every command of --help has its section, and every such section a command', () => {
  const named = [...sections.keys()].filter((title) => title.startsWith('custody '))
  assert.deepEqual(named.toSorted(), commands.map(([path]) => path).toSorted())
})

test('every option of --help is named where its command is described', () => {
  for (const [path, command] of commands) {
    const named = new Set(flagsIn(textOf(path)))
    for (const { long, hidden } of command.options) {
      if (!hidden && long !== undefined && long !== null)
        assert.ok(named.has(long), `${path} ${long}`)
    }
  }
})

test('no section names an option that its command does not have', () => {
  for (const [path, command] of commands) {
    const known = new Set(command.options.map(({ long }) => long))
    for (const flag of flagsIn(sections.get(path) ?? ''))
      assert.ok(known.has(flag), `${path} ${flag}`)
  }
})

/** What a line such as `custody keys add --owner x` gets wrong; null when nothing. */
function mistakeIn(line: string): string | null {
  const words = line.split(/\s+/)
  let command: Command = program
  const known = new Set(['--help'])
  while (words.length > 0) {
    const next = command.commands.find((child) => child.name() === words[0])
    if (next === undefined) break
    for (const { long } of next.options) known.add(long ?? '')
    command = next
    words.shift()
  }
  if (command === program) return 'no such command'
  return words.flatMap(flagsIn).find((flag) => !known.has(flag)) ?? null
}

test('every command and option that a document shows exists', () => {
  const pages = globSync(['*.md', 'docs/{guide,reference,decisions}/*.md'], { cwd: root })
  const shown = pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const lines = text.matchAll(/(?:^\$ |^|`)(?:bin\/)?custody ([a-z][^`\n|#]*)/gm)
    return [...lines].map(([, line = '']) => [page, line] as const)
  })
  assert.ok(shown.length > 100)
  const mistakes = shown.flatMap(([page, line]) => {
    const mistake = mistakeIn(line)
    return mistake === null ? [] : [`${page}: custody ${line}: ${mistake}`]
  })
  assert.deepEqual(mistakes, [])
})

test('every field of JSON output is named', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const recorded = await to.evidence.reader.readExchange(await record(to))
  const document = await exchangeDocument(recorded!)
  const fields = new Set(guide.match(/(?<=`)\w+(?=`)/g))
  const { request, answer } = document
  for (const object of [document, request, request.body!, request.blocks[0]!, answer]) {
    for (const name of Object.keys(object)) assert.ok(fields.has(name), name)
  }
  await createKey(to.store.keys, systemClock, {
    name: 'a',
    owner: 'b',
    service: '',
    allowedUpstreams: null,
    allowedModels: null,
  })
  for (const key of await listKeys(to.store.keys, systemClock)) {
    for (const name of Object.keys(key)) assert.ok(name === 'hash' || fields.has(name), name)
  }
})
