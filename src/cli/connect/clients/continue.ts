/** Continue: base URL and key of each of its models whose provider the gateway speaks. */
import { join } from 'node:path'
import { yamlTexts } from '../../../config/edit-yaml.ts'
import { NEEDS_KEY } from '../client.ts'
import type { ConnectedClient, Machine } from '../client.ts'

const PATHS: Readonly<Record<string, string>> = {
  openai: '/openai/v1',
  anthropic: '/anthropic/v1',
  gemini: '/gemini/v1beta',
  ollama: '/ollama',
}

const fileOf = ({ home, env }: Machine): string =>
  join(env['CONTINUE_GLOBAL_DIR'] ?? join(home, '.continue'), 'config.yaml')

export const continueDev: ConnectedClient = {
  name: 'continue',
  title: 'Continue',
  isFound: (machine) => machine.exists(fileOf(machine)),
  plan: (machine, { gateway, credential }) => {
    if (credential.kind !== 'key') return NEEDS_KEY
    const path = fileOf(machine)
    const providers = yamlTexts(machine.read(path) ?? '', 'models', 'provider')
    const settings = providers.flatMap((provider, at) => {
      const below = provider === null ? undefined : PATHS[provider]
      if (below === undefined) return []
      return [
        { path: ['models', String(at), 'apiBase'], value: gateway + below },
        { path: ['models', String(at), 'apiKey'], value: credential.key },
      ]
    })
    if (settings.length === 0)
      return {
        kind: 'refused',
        reason: 'none of its models is of a provider that the gateway speaks',
      }
    return { kind: 'files', files: [{ path, format: 'yaml', isSecret: true, settings }] }
  },
}
