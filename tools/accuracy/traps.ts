/** What looks like a credential and is none: ids, digests, lock files, images, placeholders, code that reads values. */
import type { Draw } from './values.ts'

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const text = (draw: Draw, length: number): string =>
  Array.from({ length }, () => BASE64.charAt(draw.below(64))).join('')
const uuid = (draw: Draw): string =>
  `${draw.hex(8)}-${draw.hex(4)}-4${draw.hex(3)}-a${draw.hex(3)}-${draw.hex(12)}`

/** By name of what it is. */
export const TRAPS: Readonly<Record<string, (draw: Draw) => string>> = {
  'request id': (draw) => `request_id=${uuid(draw)} status=200`,
  'row id': (draw) => `SELECT * FROM users WHERE id = '${uuid(draw)}'`,
  commit: (draw) => `commit ${draw.hex(40)}\nAuthor: A Developer`,
  'short commit': (draw) => `fixed in ${draw.hex(7)} (see #${draw.digits(4)})`,
  'image digest': (draw) => `image: ghcr.io/acme/app@sha256:${draw.hex(64)}`,
  'lock file': (draw) => `"integrity": "sha512-${text(draw, 86)}=="`,
  'yarn lock': (draw) => `  checksum: 10/${draw.hex(64)}`,
  'go sum': (draw) => `github.com/a/b v1.2.3 h1:${text(draw, 43)}=`,
  'cargo lock': (draw) => `checksum = "${draw.hex(64)}"`,
  'pip hash': (draw) => `    --hash=sha256:${draw.hex(64)} \\`,
  etag: (draw) => `ETag: "${draw.hex(32)}"`,
  md5: (draw) => `${draw.hex(32)}  release.tar.gz`,
  'image in CSS': (draw) => `url(data:image/png;base64,iVBORw0KGgo${text(draw, 120)}=)`,
  'public key': (draw) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${text(draw, 43)} me@host`,
  certificate: (draw) => `-----BEGIN CERTIFICATE-----\nMIID${text(draw, 60)}\n`,
  trace: (draw) => `traceparent: 00-${draw.hex(32)}-${draw.hex(16)}-01`,
  color: (draw) => `--accent: #${draw.hex(6)};`,
  'build number': (draw) => `version 1.${draw.digits(2)}.0+build.20${draw.digits(6)}`,
  'file name': (draw) => `dist/assets/index-${text(draw, 8).replaceAll(/[+/]/g, 'x')}.js`,
  pointer: (draw) => `at 0x${draw.hex(12)} in main()`,
  'from the environment': () => 'const apiKey = process.env.OPENAI_API_KEY',
  'from a vault': () => 'password: {{ vault_db_password }}',
  'from a secret store': () => 'token: ${{ secrets.GITHUB_TOKEN }}',
  'shell variable': () => 'curl -H "Authorization: Bearer $TOKEN" https://api.example.com',
  placeholder: () => 'api_key = "YOUR_API_KEY_HERE"',
  'angle brackets': () => 'export AWS_SECRET_ACCESS_KEY=<your-secret-access-key>',
  stars: () => 'password: ********',
  type: () => 'interface Options { readonly token: string; readonly secret?: Buffer }',
  prose: () => 'Your password must have twelve characters and is never stored in clear.',
  'form label': () => '<label for="password">Password: choose a long one</label>',
  call: () => 'const token = await tokens.issue(user.id, { ttlMs: 60_000 })',
  header: () => 'if (request.headers["x-api-key"] === undefined) return refuse(401)',
  'error message': () => 'Error: invalid token: expected string but found undefined',
  schema: () => 'password: { type: string, minLength: 12, format: password }',
  test: () => "test('a wrong password is refused', () => assert.throws(login))",
}
