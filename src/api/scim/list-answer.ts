/** Pages, trims and wraps what a SCIM list answers (RFC 7644 3.4.2, 3.9). */
import type { Context } from 'hono'
import type { Attributes } from '../../identity/scim/attributes.ts'
import { COUNT_MAX } from '../../identity/scim/discovery.ts'
import type { ScimEnv } from './door.ts'

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const COUNT_DEFAULT = 100
const ALWAYS = new Set(['schemas', 'id', 'meta'])

export interface Page {
  readonly startIndex: number
  readonly count: number
}

export function pageOf(context: Context<ScimEnv>): Page {
  const number = (name: string, otherwise: number): number => {
    const text = context.req.query(name)
    const value = text === undefined ? otherwise : Number.parseInt(text, 10)
    return Number.isNaN(value) ? otherwise : value
  }
  return {
    // Less than 1 means 1, and a negative count means 0 (RFC 7644 3.4.2.4).
    startIndex: Math.max(1, number('startIndex', 1)),
    count: Math.min(COUNT_MAX, Math.max(0, number('count', COUNT_DEFAULT))),
  }
}

export function listAnswer(
  resources: readonly Attributes[],
  total = resources.length,
  startIndex = 1,
): Attributes {
  return {
    schemas: [LIST],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}

/** `attributes` and `excludedAttributes`, by their first part. */
export function trimmed(context: Context<ScimEnv>, resource: Attributes): Attributes {
  const names = (parameter: string): ReadonlySet<string> | null => {
    const text = context.req.query(parameter)
    if (text === undefined || text === '') return null
    return new Set(text.split(',').map((name) => firstPart(name.trim()).toLowerCase()))
  }
  const wanted = names('attributes')
  const unwanted = names('excludedAttributes')
  return Object.fromEntries(
    Object.entries(resource).filter(([key]) => {
      if (ALWAYS.has(key)) return true
      const name = key.toLowerCase()
      return wanted === null ? unwanted?.has(name) !== true : wanted.has(name)
    }),
  )
}

function firstPart(name: string): string {
  const core = name.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i, '')
  return core.startsWith('urn:') ? core : (core.split('.')[0] ?? '')
}
