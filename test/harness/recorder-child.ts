/** A process that records exchanges as fast as it can and prints each promise the recorder keeps. It is killed. */
import { writeSync } from 'node:fs'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  wholeBody,
  type Message,
} from './evidence.ts'

const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: recorder-child FOLDER')
const opened = await openTestEvidence(folder, {
  limits: { segmentBytesMax: 200_000, extentBytes: 65_536 },
})
const { recorder, recovered } = opened.evidence
// The parent reads what is in the pipe when this process is dead, so each line must be out before the next step.
const say = (line: string): void => void writeSync(1, `${line}\n`)
say(`ready ${recovered.closed} ${recovered.durationMs}`)

async function exchange(messages: Message[], n: number): Promise<void> {
  messages.push({ role: 'user', text: `question ${n} ${'q'.repeat(n % 300)}` })
  const body = chatBody(messages)
  const facts = openingFacts()
  const recording = await recorder.open({ facts, body: wholeBody(body.bytes, body.spans) })
  say(`opened ${facts.id} ${body.bytes.toString('base64')}`)
  recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  let answer = ''
  for (let i = 0; i < n % 4; i += 1) {
    const piece = `${facts.id} piece ${i};`
    recording.answerChunk(Buffer.from(piece), performance.now())
    answer += piece
    if (i % 2 === 0) {
      await recording.durable()
      say(`durable ${facts.id} ${answer.length}`)
    }
  }
  await recording.close(closingFacts({ answerBytes: answer.length }))
  say(`closed ${facts.id} ${answer.length}`)
  messages.push({ role: 'assistant', text: answer })
}

await Promise.all(
  Array.from({ length: 8 }, async (_, worker) => {
    let messages: Message[] = []
    for (let n = worker; ; n += 1) {
      await exchange(messages, n)
      if (messages.length > 40) messages = []
    }
  }),
)
