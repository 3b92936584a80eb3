/** An HTTP server that speaks Presidio's analyzer contract: code-point offsets, a text or a list of texts, and every fault. */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { until } from './until.ts'

export type AnalyzerMood =
  | 'well'
  /** Answers nothing until `release` is called. */
  | 'silent'
  | 'error'
  | 'not-json'
  | 'other-shape'
  /** Offsets behind the end of the text. */
  | 'far-offsets'
  /** One list too few. */
  | 'short-list'
  | 'cut'

export interface AnalyzerQuestion {
  readonly text: readonly string[]
  readonly language: string
  readonly entities: readonly string[] | null
  readonly threshold: number
}

export interface TestAnalyzer extends AsyncDisposable {
  readonly url: string
  readonly questions: AnalyzerQuestion[]
  mood: AnalyzerMood
  readonly release: () => void
  /** Resolves when so many questions have come. */
  readonly asked: (count: number) => Promise<void>
}

/** Finds these words wherever they stand. */
export async function startTestAnalyzer(
  words: Readonly<Record<string, string>>,
): Promise<TestAnalyzer> {
  const questions: AnalyzerQuestion[] = []
  const sockets = new Set<Socket>()
  let held: (() => void)[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString())
      const isList = Array.isArray(body.text)
      const text: string[] = isList ? body.text : [body.text]
      questions.push({
        text,
        language: body.language,
        entities: body.entities ?? null,
        threshold: body.score_threshold,
      })
      const answer = (status: number, said: string): void => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(said)
      }
      const found = text.map((one) => findingsIn(one, words))
      const well = (): void => answer(200, JSON.stringify(isList ? found : found[0]))
      if (request.method !== 'POST' || request.url !== '/analyze') {
        answer(404, '{"error":"not here"}')
        return
      }
      switch (analyzer.mood) {
        case 'well':
          well()
          return
        case 'silent':
          held.push(well)
          return
        case 'error':
          answer(500, JSON.stringify({ error: 'out of memory' }))
          return
        case 'not-json':
          answer(200, '<html>gateway</html>')
          return
        case 'other-shape':
          answer(200, JSON.stringify({ entities: [] }))
          return
        case 'far-offsets':
          answer(
            200,
            JSON.stringify(
              text.map((one) => [
                { entity_type: 'PERSON', start: one.length, end: one.length + 5, score: 0.9 },
              ]),
            ),
          )
          return
        case 'short-list':
          answer(200, JSON.stringify(found.slice(1)))
          return
        case 'cut':
          request.socket.destroy()
      }
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  const analyzer: TestAnalyzer = {
    url: `http://127.0.0.1:${port}`,
    questions,
    mood: 'well',
    release: () => {
      for (const go of held) go()
      held = []
    },
    asked: (count) =>
      until(
        () => questions.length >= count,
        () => `${questions.length} questions came`,
      ),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return analyzer
}

function findingsIn(text: string, words: Readonly<Record<string, string>>): object[] {
  const found: object[] = []
  for (const [word, entity] of Object.entries(words)) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      // Python counts code points.
      const start = Array.from(text.slice(0, at)).length
      const end = start + Array.from(word).length
      found.push({ analysis_explanation: null, end, entity_type: entity, score: 0.85, start })
    }
  }
  return found
}
