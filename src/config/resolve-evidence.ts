/** Resolves the evidence section: URLs, file paths and secrets of those who hold checkpoints for us. */
import type { PublicationConfig } from './evidence-config.ts'
import { pathOf, report, secretFolder } from './resolve-context.ts'
import type { Path } from './problems.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'
import type { Secret } from './secret.ts'
import { resolveSecret } from './upstreams.ts'

export function resolveEvidence(
  checked: CheckedConfig['evidence'],
  context: ResolveContext,
): PublicationConfig {
  const { publishEveryMs, witnesses, quorum } = checked
  if (witnesses.length > 0 && quorum > witnesses.length)
    report(context, ['evidence', 'quorum'], {
      message: 'more witnesses have to sign than there are',
      allowed: `at most ${witnesses.length}`,
      hint: 'Lower quorum or name more witnesses.',
    })
  const checkUrl = (path: Path, url: string): string => {
    const isPlain =
      URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !/[?#@]/.test(url)
    if (!isPlain)
      report(context, path, {
        message: 'this is not a URL that checkpoints can be sent to',
        allowed: 'http:// or https:// without user, query or fragment',
        hint: 'Write it as https://host/path.',
      })
    return url.replace(/\/$/, '')
  }
  const secret = (path: Path, written: string): Secret | null =>
    resolveSecret(path.map(String), written, {
      env: context.env,
      folder: secretFolder(context),
      report: (where, text) => {
        report(context, where, text)
      },
    })
  return {
    publishEveryMs,
    quorum,
    witnesses: witnesses.map((witness, at) => ({
      ...witness,
      url: checkUrl(['evidence', 'witnesses', at, 'url'], witness.url),
    })),
    files: checked.files.map((file, at) => pathOf(['evidence', 'files', at], file, context)),
    webhooks: checked.webhooks.map(({ url, authorization }, at) => ({
      url: checkUrl(['evidence', 'webhooks', at, 'url'], url),
      authorization:
        authorization === undefined
          ? null
          : secret(['evidence', 'webhooks', at, 'authorization'], authorization),
    })),
    objectStores: checked.objectStores.flatMap((store, at) => {
      const path = ['evidence', 'objectStores', at]
      const accessKeyId = secret([...path, 'accessKeyId'], store.accessKeyId)
      const secretAccessKey = secret([...path, 'secretAccessKey'], store.secretAccessKey)
      const endpoint = checkUrl([...path, 'endpoint'], store.endpoint)
      if (accessKeyId === null || secretAccessKey === null) return []
      return [{ ...store, endpoint, accessKeyId, secretAccessKey }]
    }),
    timestampUrl:
      checked.timestampUrl === undefined
        ? null
        : checkUrl(['evidence', 'timestampUrl'], checked.timestampUrl),
  }
}
