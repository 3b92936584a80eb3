/** Resolves `${ENV_NAME}` and `${file:/path}` to secrets; refuses literals without repeating them. */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorCode } from '../lib/error-code.ts'
import { Secret } from './secret.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type ReferenceReading =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | {
      readonly kind: 'problem'
      readonly message: string
      readonly hint: string
      /** Stands in where the configuration is only printed: `(missing: env NAME)`; null for a literal. */
      readonly missing: string | null
    }

const SECRET_BYTES_MAX = 65_536
const ENV_REFERENCE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/
const FILE_REFERENCE = /^\$\{file:([^}]+)\}$/

/** Paths of `${file:}` start at `folder` when they are relative. */
export function resolveReference(
  written: string,
  env: Environment,
  folder: string,
): ReferenceReading {
  const name = ENV_REFERENCE.exec(written)?.[1]
  if (name !== undefined) return fromEnvironment(name, env)
  const path = FILE_REFERENCE.exec(written)?.[1]
  if (path !== undefined) return fromFile(resolve(folder, path))
  return problem('the value is not a reference', literalHint(written))
}

export function isReference(written: string): boolean {
  return ENV_REFERENCE.test(written) || FILE_REFERENCE.test(written)
}

function literalHint(written: string): string {
  if (/\$\{[^}]*:-/.test(written)) return 'Defaults inside a reference are not supported.'
  if (written.includes('${')) {
    return 'A reference stands alone; a word before the credential goes into credentialScheme.'
  }
  if (/^\$[A-Za-z_]/.test(written)) return 'Write the name in braces: ${ENV_NAME}.'
  return 'Never write a secret here. Put it in an environment variable or a file and write ${ENV_NAME} or ${file:/path}.'
}

function fromEnvironment(name: string, env: Environment): ReferenceReading {
  const text = env[name]
  const source = `env ${name}`
  if (text === undefined || text === '') {
    return problem(
      `environment variable ${name} is not set`,
      `Set ${name} and start again.`,
      source,
    )
  }
  return checked(text, source)
}

function fromFile(path: string): ReferenceReading {
  const source = `file ${path}`
  try {
    const stat = statSync(path)
    if (!stat.isFile() || stat.size > SECRET_BYTES_MAX) {
      return problem('the file of the secret is not a small regular file', `See ${path}.`, source)
    }
    return checked(readFileSync(path, 'utf8').trim(), source)
  } catch (error) {
    return problem(
      'the file of the secret cannot be read',
      `${errorCode(error) || 'unreadable'}: ${path}`,
      source,
    )
  }
}

function checked(text: string, source: string): ReferenceReading {
  if (text === '') return problem('the secret is empty', `See ${source}.`, source)
  // A line break in a header value would let the secret's writer add headers to upstream calls (RFC 9110 5.5).
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)) {
    return problem(
      'the secret has characters that cannot be sent in a header',
      `See ${source}: printable ASCII on one line.`,
      source,
    )
  }
  if (text.startsWith('cst_')) {
    return problem(
      'this is a gateway key, not a credential of the provider',
      `Callers use the gateway key. Set ${source} to the key that the provider gave you; start the gateway in a shell that does not export the callers' variables.`,
      source,
    )
  }
  return { kind: 'secret', secret: new Secret(text, source) }
}

function problem(message: string, hint: string, missing: string | null = null): ReferenceReading {
  return { kind: 'problem', message, hint, missing }
}
