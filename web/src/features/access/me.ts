/** Who is logged in, for pages that show more or less of themselves by it. The server judges every call anyway. */
import { createContext, use } from 'react'
import type { Me } from '../../../../src/api/contract/access.ts'

export const MeContext = createContext<Me | null>(null)

export function useMe(): Me {
  const me = use(MeContext)
  if (me === null) throw new Error('a page outside the shell asked who is logged in')
  return me
}

export function mayCall(me: Me, operation: string): boolean {
  return me.may[operation] !== undefined
}
