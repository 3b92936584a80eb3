/** The pages of the navigation: a page is listed for those whose roles allow its first call. */
import {
  IconActivity,
  IconArchive,
  IconBell,
  IconBriefcase,
  IconCertificate,
  IconFingerprint,
  IconGavel,
  IconHistory,
  IconKey,
  IconListSearch,
  IconLock,
  IconMessages,
  IconRadar2,
  IconServer2,
  IconShieldCheck,
  IconUserCircle,
  IconUsers,
  IconZoomScan,
} from '@tabler/icons-react'
import type { Icon } from '@tabler/icons-react'

export interface PageEntry {
  readonly path:
    | '/exchanges'
    | '/conversations'
    | '/findings'
    | '/cases'
    | '/investigate'
    | '/trace'
    | '/hunts'
    | '/alerts'
    | '/policy'
    | '/approvals'
    | '/keys'
    | '/trust-rules'
    | '/evidence'
    | '/locks'
    | '/retention'
    | '/upstreams'
    | '/people'
    | '/audit'
    | '/me'
  readonly title: string
  readonly icon: Icon
  readonly keys: string
  /** Operation of the role table that the page lives from. */
  readonly operation: string
  /** The page is of no use to whom the operation shows only what is their own. */
  readonly needsAll?: true
}

export const PAGES: readonly PageEntry[] = [
  {
    path: '/exchanges',
    title: 'Live',
    icon: IconActivity,
    keys: 'g l',
    operation: 'exchanges.list',
  },
  {
    path: '/conversations',
    title: 'Conversations',
    icon: IconMessages,
    keys: 'g c',
    operation: 'conversations.list',
  },
  {
    path: '/investigate',
    title: 'Investigate',
    icon: IconListSearch,
    keys: 'g i',
    operation: 'runs.start',
  },
  {
    path: '/findings',
    title: 'Findings',
    icon: IconFingerprint,
    keys: 'g f',
    operation: 'findings.list',
  },
  { path: '/cases', title: 'Cases', icon: IconBriefcase, keys: 'g s', operation: 'cases.list' },
  { path: '/trace', title: 'Trace', icon: IconRadar2, keys: 'g t', operation: 'trace.search' },
  { path: '/hunts', title: 'Hunts', icon: IconZoomScan, keys: 'g h', operation: 'hunts.list' },
  { path: '/alerts', title: 'Alerts', icon: IconBell, keys: 'g n', operation: 'alerts.list' },
  { path: '/policy', title: 'Policy', icon: IconGavel, keys: 'g y', operation: 'policy.read' },
  { path: '/locks', title: 'Locks', icon: IconLock, keys: 'g x', operation: 'locks.list' },
  {
    path: '/approvals',
    title: 'Approvals',
    icon: IconShieldCheck,
    keys: 'g v',
    operation: 'approvals.list',
  },
  { path: '/keys', title: 'Keys', icon: IconKey, keys: 'g k', operation: 'keys.list' },
  {
    path: '/trust-rules',
    title: 'Trust rules',
    icon: IconCertificate,
    keys: 'g b',
    operation: 'trust.list',
  },
  {
    path: '/evidence',
    title: 'Evidence',
    icon: IconShieldCheck,
    keys: 'g e',
    operation: 'evidence.health',
    needsAll: true,
  },
  {
    path: '/retention',
    title: 'Retention',
    icon: IconArchive,
    keys: 'g r',
    operation: 'holds.list',
  },
  {
    path: '/upstreams',
    title: 'Upstreams',
    icon: IconServer2,
    keys: 'g u',
    operation: 'upstreams.list',
  },
  {
    path: '/people',
    title: 'People',
    icon: IconUsers,
    keys: 'g p',
    operation: 'people.list',
    needsAll: true,
  },
  { path: '/audit', title: 'Audit', icon: IconHistory, keys: 'g a', operation: 'audit.list' },
  { path: '/me', title: 'Me', icon: IconUserCircle, keys: 'g m', operation: 'me.read' },
]
