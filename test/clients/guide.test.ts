import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ollama } from 'ollama'
import { assertRow, startTappedGateway } from '../harness/faithful.ts'

const GUIDE = readFileSync(new URL('../../docs/guide/clients.md', import.meta.url), 'utf8')

/** Installed under these names; two of them are an older major of the package they stand for. */
const PACKAGES = [
  'openai',
  'openai-6',
  '@anthropic-ai/sdk',
  'anthropic-sdk-0',
  '@google/genai',
  '@aws-sdk/client-bedrock-runtime',
  'ai',
  '@ai-sdk/openai',
  '@ai-sdk/anthropic',
  '@ai-sdk/google',
  '@langchain/openai',
  '@langchain/core',
  'ollama',
]

/** As `name version`; an alias keeps the name of the package it stands for. */
function installed(folder: string): string {
  const file = new URL(`../../node_modules/${folder}/package.json`, import.meta.url)
  const { name, version } = JSON.parse(readFileSync(file, 'utf8'))
  return `${name} ${version}`
}

test('the client guide names the versions that are installed and tested, and no others', () => {
  const named = [...GUIDE.matchAll(/`([@\w/.-]+)` (\d+\.\d+\.\d+)/g)].map(
    ([, name, version]) => `${name} ${version}`,
  )
  assert.deepEqual([...new Set(named)].toSorted(), PACKAGES.map(installed).toSorted())
})

for (const section of GUIDE.split(/^## /m).slice(1)) {
  const [title = ''] = section.split('\n', 1)
  for (const [, program = ''] of section.matchAll(/```js\n(.*?)```/gs)) {
    test(`the program that the client guide gives for ${title} runs as it stands`, async () => {
      await using tapped = await startTappedGateway()
      const source = program
        .replaceAll('http://127.0.0.1:8080', tapped.url)
        .replaceAll('cst_KEY', tapped.key)
      assert.notEqual(source, program)
      const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
        cwd: new URL('../..', import.meta.url),
        env: { PATH: process.env['PATH'] ?? '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let said = ''
      let complained = ''
      child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()))
      child.stderr.on('data', (bytes: Buffer) => (complained += bytes.toString()))
      const [code] = await once(child, 'close')
      assert.equal(code, 0, complained)
      assert.match(said, /Hello from the Custody sandbox/)
      const traffic = await tapped.traffic()
      assert.ok(traffic.length > 0)
      for (const one of traffic) assertRow(one, { state: 'complete', status: 200 })
    })
  }
}

test('the Ollama client does not read OLLAMA_HOST', () => {
  process.env['OLLAMA_HOST'] = 'http://192.0.2.1:1'
  try {
    const { host } = Reflect.get(new Ollama(), 'config')
    assert.equal(host, 'http://127.0.0.1:11434')
  } finally {
    delete process.env['OLLAMA_HOST']
  }
})
