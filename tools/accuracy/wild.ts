/** Credentials as they lie about: every shipped format in configuration files, code, commands, logs and chat. */
import { shippedPacks } from '../../src/config/rule-files.ts'
import { compileRules } from '../../src/detect/compiled-rules.ts'
import { scanText } from '../../src/detect/matcher.ts'
import type { MatcherOptions } from '../../src/detect/matcher.ts'
import { REPLACE } from '../../src/detect/operators.ts'
import { buildRuleset } from '../../src/detect/ruleset.ts'

export interface WildSample {
  readonly rule: string
  readonly shape: string
  readonly text: string
  /** Where the secret lies. */
  readonly start: number
  readonly end: number
}

/** A secret and what somebody would call it: `DATADOG_API_KEY`. */
interface Secret {
  readonly rule: string
  readonly words: readonly string[]
  readonly value: string
}

type Shape = (words: readonly string[], value: string) => string

const upper = (words: readonly string[]): string => words.join('_').toUpperCase()
const snake = (words: readonly string[]): string => words.join('_')
const kebab = (words: readonly string[]): string => words.join('-')
const dotted = (words: readonly string[]): string => words.join('.')
const camel = (words: readonly string[]): string =>
  words.map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('')
const pascal = (words: readonly string[]): string =>
  words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
const spaced = (words: readonly string[]): string => words.join(' ')

export const SHAPES: Readonly<Record<string, Shape>> = {
  env: (w, v) => `NODE_ENV=production\n${upper(w)}=${v}\nPORT=3000\n`,
  'env quoted': (w, v) => `${upper(w)}="${v}"\n`,
  export: (w, v) => `export ${upper(w)}='${v}' && npm start`,
  yaml: (w, v) => `services:\n  web:\n    ${snake(w)}: ${v}\n    replicas: 2\n`,
  'yaml quoted': (w, v) => `${camel(w)}: "${v}"\n`,
  'yaml list': (w, v) => `env:\n  - name: ${upper(w)}\n    value: ${v}\n`,
  json: (w, v) => `{"name": "app", "${camel(w)}": "${v}", "debug": false}`,
  'json in a text': (w, v) => `{\\"${snake(w)}\\":\\"${v}\\"}`,
  toml: (w, v) => `[auth]\n${snake(w)} = "${v}"\n`,
  ini: (w, v) => `[default]\n${snake(w)} = ${v}\n`,
  properties: (w, v) => `app.${dotted(w)}=${v}\nserver.port=8080\n`,
  terraform: (w, v) => `provider "x" {\n  ${snake(w)} = "${v}"\n  region = "eu"\n}`,
  'docker compose': (w, v) => `environment:\n  - ${upper(w)}=${v}\n  - TZ=UTC\n`,
  dockerfile: (w, v) => `FROM node:24\nENV ${upper(w)} ${v}\nRUN npm ci\n`,
  javascript: (w, v) => `const ${camel(w)} = '${v}'\nconnect(${camel(w)})\n`,
  'javascript object': (w, v) => `init({ ${camel(w)}: "${v}", region: 'eu' })`,
  python: (w, v) => `${upper(w)} = "${v}"\nclient = Client(${upper(w)})\n`,
  'python call': (w, v) => `client = Client(${snake(w)}="${v}", timeout=5)`,
  'python dict': (w, v) => `os.environ["${upper(w)}"] = "${v}"`,
  ruby: (w, v) => `ENV['${upper(w)}'] = '${v}'`,
  'ruby symbol': (w, v) => `config = { :${snake(w)} => "${v}" }`,
  php: (w, v) => `define('${upper(w)}', '${v}');`,
  'php array': (w, v) => `'${snake(w)}' => '${v}',`,
  go: (w, v) => `${camel(w)} := "${v}"\n`,
  java: (w, v) => `private static final String ${upper(w)} = "${v}";`,
  csharp: (w, v) => `public string ${pascal(w)} { get; } = "${v}";`,
  xml: (w, v) => `<add key="${pascal(w)}" value="${v}" />`,
  'xml element': (w, v) => `<${camel(w)}>${v}</${camel(w)}>`,
  'command flag': (w, v) => `deploy --${kebab(w)} ${v} --verbose`,
  'command flag =': (w, v) => `deploy --${kebab(w)}=${v} --verbose`,
  'query string': (w, v) => `GET /v1/items?${snake(w)}=${v}&page=2 HTTP/1.1`,
  header: (w, v) => `curl -H "X-${kebab(w)}: ${v}" https://api.example.com/v1`,
  log: (w, v) => `2026-11-30T10:00:00Z INFO config loaded ${snake(w)}=${v} retries=3`,
  markdown: (w, v) => `Set **${spaced(w)}** to \`${v}\` first.`,
  ticket: (w, v) => `Hi team, the ${spaced(w)} is ${v}, please rotate it.`,
  chat: (w, v) => `here is my ${spaced(w)}: ${v}`,
  'markdown table': (w, v) => `| ${upper(w)} | ${v} | prod |`,
}

const OPTIONS: MatcherOptions = {
  operators: { byEntity: new Map(), fallback: REPLACE },
  keys: { digest: () => '', encrypt: () => '', tokenFor: () => '' },
  threshold: 0.5,
  encoded: false,
  before: '',
  terms: null,
  everyFinding: true,
}

/** The secret in the first example of each rule, without what stands around it there. */
function secrets(): readonly Secret[] {
  const compiled = compileRules({
    documents: shippedPacks(),
    choice: { packs: ['credentials'], without: [] },
    terms: null,
  })
  if (compiled.kind === 'problems') throw new Error('the shipped rules do not compile')
  return compiled.rules.ruleset.rules.flatMap((rule) => {
    const alone = buildRuleset([rule])
    if (alone.kind === 'problems') return []
    return rule.positive.slice(0, 1).flatMap((example) => {
      const [found] = scanText(alone.ruleset, example, OPTIONS).findings
      const value = example.slice(found?.start, found?.end)
      // Several lines, user and password in one: they bring their own surroundings.
      if (found === undefined || /[\s"'`\\<>]/.test(value)) return []
      return [{ rule: rule.id, words: rule.id.split('-'), value }]
    })
  })
}

/** Their secret is a piece of a larger line, or has no name of its own: `wild-files.ts` has their surroundings. */
const BOUND: ReadonlySet<string> = new Set(
  `azure-sas-signature azure-service-bus-key digitalocean-spaces-key oracle-ocid-key-fingerprint gitlab-session-cookie npmrc-auth
  docker-config-auth exa-key slack-webhook discord-webhook teams-webhook google-chat-webhook sentry-dsn database-password-key
  basic-auth-header authorization-header sql-identified-by cookie-session password-assignment quoted-password daily-key
  mysql-password-option pgpass-line framework-secret-key terraform-variable-default password-in-prose basic-auth-call
  powershell-secure-string client-password-option network-device-secret kubeconfig-client-key aws-signature azure-sas-url-signature
  azure-app-configuration telegram-bot-url thingsboard-device-url openweather-url-key spaced-secret environment-key quoted-secret
  typed-declaration environment-password user-and-password-lines password-with-subject user-slash-password host-user-password
  admin-slash-password remote-password-option piped-password database-call-password go-dsn-password
  sql-password-literal conf-password-directive slack-workflow-hook`.split(/\s+/),
)

export function wildSamples(): readonly WildSample[] {
  const known = secrets().filter(({ rule }) => !BOUND.has(rule))
  return known.flatMap(({ rule, words, value }) =>
    Object.entries(SHAPES).map(([shape, write]) => {
      const text = write(words, value)
      const start = text.lastIndexOf(value)
      return { rule, shape, text, start, end: start + value.length }
    }),
  )
}
