/** The formats of settings files by name, as the ledger writes them down. */
import { editBlock } from './block-settings.ts'
import { editJson } from './json-settings.ts'
import type { SettingFormat } from './setting-file.ts'
import { editToml } from './toml-settings.ts'
import { editYamlSettings } from './yaml-settings.ts'

export type FormatName = 'json' | 'toml' | 'yaml' | 'block'

export const FORMATS: Readonly<Record<FormatName, SettingFormat>> = {
  json: editJson,
  toml: editToml,
  yaml: editYamlSettings,
  block: editBlock,
}
