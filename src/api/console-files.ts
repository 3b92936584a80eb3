/** Serves the built console from memory: only files that were in its folder at the start can be asked for. */
import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type { Context } from 'hono'
import type { ApiEnv } from './parts.ts'

interface ConsoleFile {
  readonly bytes: Buffer
  readonly type: string
  /** Its name holds the hash of its content. */
  readonly isImmutable: boolean
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/** The page may name it in a style or meta element; a new one is made for every answer. */
const NONCE_PLACE = '__CSP_NONCE__'

/** Stands in until a console is built: one form, one script, nothing else. */
const LOGIN_HTML = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Custody</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><script src="/login.js" defer></script></head>
<body><h1>Custody</h1><p id="state">The console is not built here (npm run build). The API is at <a href="/api/v1/reference">/api/v1</a>.</p></body></html>`
const LOGIN_JS = `const token = new URLSearchParams(location.hash.slice(1)).get('token')
history.replaceState(null, '', location.pathname)
const say = (text) => { document.getElementById('state').textContent = text }
if (token !== null) {
  fetch('/api/v1/login/link', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-custody-csrf': '1' },
    body: JSON.stringify({ token }),
  }).then(async (answer) => {
    const body = await answer.json()
    say(answer.ok ? 'Logged in as ' + body.person.login + '.' : body.title + ' ' + body.hint)
  }, () => say('The gateway does not answer.'))
}
`

export interface ConsoleFiles {
  /** Null for paths that are neither a file nor a page of the console. */
  readonly answer: (context: Context<ApiEnv>) => Response | null
}

export function readConsole(folder: string): ConsoleFiles {
  const files = readFolder(folder)
  const index = files.get('/index.html')?.bytes.toString('utf8') ?? null
  return {
    answer: (context) => {
      const { path } = context.req
      const file = path === '/index.html' ? undefined : files.get(path)
      if (file !== undefined) return fileAnswer(context, file)
      if (index === null && path === '/login.js') {
        return context.body(LOGIN_JS, 200, { 'content-type': TYPES['.js'] ?? '' })
      }
      // A page of the console has no dot in its last part; a missing file must not be answered with a page.
      if (/\.[^/]*$/.test(path) && path !== '/index.html') return null
      return pageAnswer(context, index ?? LOGIN_HTML)
    },
  }
}

function fileAnswer(context: Context<ApiEnv>, file: ConsoleFile): Response {
  return context.body(new Uint8Array(file.bytes), 200, {
    'content-type': file.type,
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  })
}

function pageAnswer(context: Context<ApiEnv>, html: string): Response {
  const nonce = randomBytes(16).toString('base64')
  return context.body(html.replaceAll(NONCE_PLACE, nonce), 200, {
    'content-type': TYPES['.html'] ?? '',
    'cache-control': 'no-store',
    'content-security-policy': pagePolicy(nonce),
  })
}

/** Same origin only, no inline script, no frame around it, no plug-in, no form that posts elsewhere. */
function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function readFolder(folder: string): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>()
  for (const entry of listed(folder)) {
    const path = `/${relative(folder, entry).split(sep).join('/')}`
    files.set(path, {
      bytes: readFileSync(entry),
      type: TYPES[extname(entry)] ?? 'application/octet-stream',
      isImmutable: path.startsWith('/assets/'),
    })
  }
  return files
}

/** Regular files only: a link could lead out of the folder. */
function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}
