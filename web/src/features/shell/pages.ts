/** The pages of the navigation: a page is listed for those whose roles allow its first call. */
import { IconActivity } from '@tabler/icons-react'
import type { Icon } from '@tabler/icons-react'

export interface PageEntry {
  readonly path: '/exchanges'
  readonly title: string
  readonly icon: Icon
  readonly keys: string
  /** Operation of the role table that the page lives from. */
  readonly operation: string
}

export const PAGES: readonly PageEntry[] = [
  {
    path: '/exchanges',
    title: 'Live',
    icon: IconActivity,
    keys: 'g l',
    operation: 'exchanges.list',
  },
]
