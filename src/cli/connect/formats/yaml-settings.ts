/** Edits a YAML file in place; what is no clean YAML is refused. */
import { editYaml } from '../../../config/edit-yaml.ts'
import type { YamlChange } from '../../../config/edit-yaml.ts'
import type { SettingFormat } from './setting-file.ts'

export const editYamlSettings: SettingFormat = (text, settings) => {
  const changes: YamlChange[] = []
  for (const { path, value } of settings) {
    if (typeof value === 'object')
      return { kind: 'refused', reason: `${path.join('.')} is no text` }
    changes.push({ path, value })
  }
  const edited = editYaml(text, changes)
  return typeof edited === 'string'
    ? { kind: 'refused', reason: edited }
    : { kind: 'edited', ...edited }
}
