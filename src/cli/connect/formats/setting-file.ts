/** How `custody connect` changes a settings file of another program: named settings are set or taken out, all else stays. */

/** A setting by its path; `undefined` takes it out. */
export interface Setting {
  readonly path: readonly string[]
  readonly value: SettingValue | undefined
}

export type SettingValue =
  | string
  | { readonly [name: string]: SettingValue | readonly string[] | number }

export type Edited =
  | {
      readonly kind: 'edited'
      readonly text: string
      /** The same settings as they were, so that setting them again undoes the edit. */
      readonly before: readonly Setting[]
    }
  /** The file is not touched: `reason` says why, in words for the person. */
  | { readonly kind: 'refused'; readonly reason: string }

export type SettingFormat = (text: string, settings: readonly Setting[]) => Edited
