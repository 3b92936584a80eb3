/** Where credentials stand in what people send: files, code, commands, logs, mails. `WITH_NAME` says what the value is, `ALONE` does not. */

export type NamedShape = (name: Name, value: string) => string

/** A name in the spellings of languages and tools. */
export interface Name {
  readonly upper: string
  readonly snake: string
  readonly camel: string
  readonly pascal: string
  readonly kebab: string
  readonly dotted: string
  readonly spaced: string
}

export function nameOf(words: readonly string[]): Name {
  const capital = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  const pascal = capital.join('')
  return {
    upper: words.join('_').toUpperCase(),
    snake: words.join('_'),
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    pascal,
    kebab: words.join('-'),
    dotted: words.join('.'),
    spaced: words.join(' '),
  }
}

export const WITH_NAME: Readonly<Record<string, NamedShape>> = {
  dotenv: (n, v) => `# staging\n${n.upper}=${v}\nLOG_LEVEL=debug\n`,
  'dotenv comment': (n, v) => `#${n.upper}=${v}   # old one\n`,
  'react env': (n, v) => `REACT_APP_${n.upper}="${v}"\n`,
  'systemd unit': (n, v) => `[Service]\nEnvironment="${n.upper}=${v}"\nExecStart=/usr/bin/app\n`,
  'appsettings.json': (n, v) =>
    `  "Integrations": {\n    "${n.pascal}": "${v}",\n    "Enabled": true\n  }\n`,
  'kubernetes stringData': (n, v) =>
    `kind: Secret\nstringData:\n  ${n.kebab}: "${v}"\ntype: Opaque\n`,
  'helm values': (n, v) => `app:\n  config:\n    ${n.camel}: ${v}\n  replicas: 2\n`,
  'github workflow': (n, v) =>
    `      - run: make deploy\n        env:\n          ${n.upper}: ${v}\n`,
  'gitlab variables': (n, v) => `variables:\n  ${n.upper}: '${v}'\n`,
  jenkinsfile: (n, v) => `environment { ${n.upper} = '${v}' }`,
  'terraform block': (n, v) => `resource "app" "main" {\n  ${n.snake}    = "${v}"\n}\n`,
  'postman variable': (n, v) => `{"key": "${n.snake}", "value": "${v}", "type": "secret"}`,
  'json escaped': (n, v) => `"body": "{\\"${n.camel}\\": \\"${v}\\", \\"page\\": 1}"`,
  'json line': (n, v) =>
    `{"ts":1764500000,"level":"debug","ctx":{"${n.snake}":"${v}"},"msg":"init"}`,
  'java constant': (n, v) => `  public static final String ${n.upper} = "${v}";`,
  'kotlin val': (n, v) => `private val ${n.camel} = "${v}"`,
  'swift let': (n, v) => `let ${n.camel}: String = "${v}"`,
  'objective-c': (n, v) => `static NSString *const k${n.pascal} = @"${v}";`,
  'rust const': (n, v) => `const ${n.upper}: &str = "${v}";`,
  'go struct': (n, v) => `cfg := Config{\n\t${n.pascal}: "${v}",\n\tTimeout: 5,\n}`,
  'typescript type': (n, v) => `const ${n.camel}: string = '${v}';`,
  'js header': (n, v) => `headers: { 'X-${n.kebab}': '${v}', Accept: '*/*' }`,
  'python default': (n, v) => `${n.upper} = os.getenv("${n.upper}", "${v}")`,
  'python self': (n, v) => `        self.${n.snake} = "${v}"`,
  'php env default': (n, v) => `'${n.snake}' => env('${n.upper}', '${v}'),`,
  'ruby config': (n, v) => `  config.${n.snake} = '${v}'`,
  elixir: (n, v) => `config :app, ${n.snake}: "${v}"`,
  perl: (n, v) => `my $${n.snake} = '${v}';`,
  'r session': (n, v) => `Sys.setenv(${n.upper} = "${v}")`,
  notebook: (n, v) => `    "${n.snake} = \\"${v}\\"\\n",`,
  powershell: (n, v) => `$env:${n.upper} = "${v}"`,
  'windows set': (n, v) => `set ${n.upper}=${v}\r\napp.exe`,
  fish: (n, v) => `set -x ${n.upper} ${v}`,
  'docker run': (n, v) => `docker run -d -e ${n.upper}=${v} --name app acme/app:2.1`,
  'shell history': (n, v) => ` 1042  2026-11-03 10:12  export ${n.upper}=${v}`,
  'cli option': (n, v) => `acme login --${n.kebab} ${v}`,
  diff: (n, v) => `-  ${n.snake}: ""\n+  ${n.snake}: "${v}"\n`,
  csv: (n, v) => `name,value,owner\n${n.snake},${v},ops\n`,
  'xml attribute': (n, v) => `<setting name="${n.pascal}" value="${v}"/>`,
  plist: (n, v) => `<key>${n.pascal}</key>\n<string>${v}</string>`,
  'sql insert': (n, v) => `INSERT INTO settings (name, value) VALUES ('${n.snake}', '${v}');`,
  'url query': (n, v) => `https://api.acme.io/v2/report?from=2026-01-01&${n.snake}=${v}`,
  'java properties': (n, v) => `acme.${n.dotted} = ${v}\n`,
  'yaml folded': (n, v) => `${n.snake}: >-\n  ${v}\nnext: 1\n`,
  'chat is': (n, v) => `ok so the ${n.spaced} for staging is ${v} (don't commit it)`,
  'chat colon': (n, v) => `${n.spaced}: ${v}`,
  'markdown bullet': (n, v) => `- ${n.spaced} - \`${v}\``,
  'markdown row': (n, v) => `| ${n.spaced} | \`${v}\` |`,
  'mail quote': (n, v) => `> Hi,\n> ${n.spaced} = ${v}\n> Thanks`,
}

export const ALONE: Readonly<Record<string, (value: string) => string>> = {
  'bare line': (v) => `here it comes\n${v}\nthanks`,
  'prose end': (v) => `Could you check why this one fails? ${v}.`,
  'back-ticks': (v) => `it only works with \`${v}\` for me`,
  'first argument': (v) => `client = connect("${v}", region="eu")`,
  'list item': (v) => `  - "${v}"\n  - other`,
  'stack trace': (v) => `ValueError: 401 for ${v}\n  at login (app.js:10:4)`,
  parentheses: (v) => `(old one: ${v})`,
  'html text': (v) => `<td class="k">${v}</td>`,
  'log brackets': (v) => `2026-11-30 12:00:01 WARN [auth] rejected [${v}] from 10.1.2.3`,
  'json array': (v) => `{"tokens":["${v}"]}`,
}
