/** Keyboard shortcuts: single keys and sequences such as `g l`; pages add theirs while they are shown. */
import { createContext, use, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ReactNode } from 'react'

export interface Shortcut {
  /** Keys as `KeyboardEvent.key`, a sequence parted by spaces; `Space` for the space bar. */
  readonly keys: string
  readonly says: string
  readonly group: string
  readonly run: (event: KeyboardEvent) => void
}

interface Registry {
  readonly add: (shortcuts: () => readonly Shortcut[]) => () => void
  readonly all: () => readonly Shortcut[]
}

const RegistryContext = createContext<Registry | null>(null)
const SEQUENCE_MS = 1_200

export function ShortcutProvider({ children }: { readonly children: ReactNode }) {
  const [registry] = useState(makeRegistry)
  useLayoutEffect(() => listen(registry), [registry])
  return <RegistryContext value={registry}>{children}</RegistryContext>
}

/**
 * The latest shortcuts given are the ones in force; those of a page win over those of the shell. In force before what
 * they act on is seen, so that nobody is too quick for them.
 */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const registry = use(RegistryContext)
  const latest = useRef(shortcuts)
  useLayoutEffect(() => {
    latest.current = shortcuts
  })
  useLayoutEffect(() => registry?.add(() => latest.current), [registry])
}

export function useAllShortcuts(isShown: boolean): readonly Shortcut[] {
  const registry = use(RegistryContext)
  return useMemo(() => (isShown ? (registry?.all() ?? []) : []), [isShown, registry])
}

function makeRegistry(): Registry {
  const sources = new Set<() => readonly Shortcut[]>()
  return {
    add: (source) => {
      sources.add(source)
      return () => sources.delete(source)
    },
    all: () => [...sources].toReversed().flatMap((source) => source()),
  }
}

function listen(registry: Registry): () => void {
  let begun = ''
  let begunAtMs = 0
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target) || document.querySelector('[aria-modal="true"]') !== null) return
    const key = event.key === ' ' ? 'Space' : event.key
    // A focused control keeps the keys it is operated with.
    if ((key === 'Space' || key === 'Enter') && isControl(event.target)) return
    if (begun !== '' && event.timeStamp - begunAtMs > SEQUENCE_MS) begun = ''
    const typed = begun === '' ? key : `${begun} ${key}`
    const shortcuts = registry.all()
    const found = shortcuts.find(({ keys }) => keys === typed)
    if (found !== undefined) {
      begun = ''
      event.preventDefault()
      found.run(event)
      return
    }
    const begins = shortcuts.some(({ keys }) => keys.startsWith(`${typed} `))
    begun = begins ? typed : ''
    begunAtMs = event.timeStamp
  }
  document.addEventListener('keydown', onKeyDown)
  return () => document.removeEventListener('keydown', onKeyDown)
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement)
    return target.type !== 'range' && target.type !== 'checkbox'
  return target.isContentEditable || target.matches('textarea, select, [role="combobox"]')
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('button, a, summary, [role="tab"], input')
}
