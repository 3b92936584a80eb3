/** Applies SCIM PATCH as the standard has it and as Okta and Entra ID send it. */
import { ScimError, scimPatch } from 'scim-patch'
import type { ScimPatchOperation, ScimResource } from 'scim-patch'
import { isJsonObject } from '../../lib/json/loose.ts'
import { asAttributes, booleanOf, spelled, writable } from './attributes.ts'
import type { Attributes } from './attributes.ts'
import { ScimProblem } from './scim-problem.ts'

const OPERATIONS_MAX = 200
const PATH_CHARS_MAX = 500

interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string | null
  readonly value: unknown
}

/** The attributes afterwards. Throws `ScimProblem`. */
export function patched(attributes: Attributes, body: unknown): Attributes {
  const { Operations: list } = spelled(asAttributes(body))
  if (!Array.isArray(list) || list.length === 0 || list.length > OPERATIONS_MAX)
    throw new ScimProblem(400, 'Operations is not a list of 1 to 200', 'invalidSyntax')
  const operations = list.map(readOperation).flatMap(separate).map(asLibraryWants)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library wants meta and schemas, which it does not read
  const resource = structuredClone(attributes) as unknown as ScimResource
  try {
    const changed: unknown = scimPatch(resource, operations, { treatMissingAsAdd: true })
    return writable(asAttributes(changed))
  } catch (error) {
    if (error instanceof ScimProblem) throw error
    const kind = error instanceof ScimError ? error.scimCode : ''
    if (kind === 'noTarget') throw new ScimProblem(400, 'the path leads to nothing', 'noTarget')
    throw new ScimProblem(400, 'the operation cannot be applied', 'invalidPath')
  }
}

function readOperation(written: unknown): Operation {
  if (!isJsonObject(written))
    throw new ScimProblem(400, 'an operation is no object', 'invalidSyntax')
  const op = typeof written['op'] === 'string' ? written['op'].toLowerCase() : ''
  const { path = null, value } = written
  if (op !== 'add' && op !== 'replace' && op !== 'remove')
    throw new ScimProblem(400, 'op is not add, replace or remove', 'invalidSyntax')
  if (path !== null && (typeof path !== 'string' || path.length > PATH_CHARS_MAX))
    throw new ScimProblem(400, 'the path is not one', 'invalidPath')
  if (path !== null && /__proto__|constructor|prototype/.test(path))
    throw new ScimProblem(400, 'the path is not one', 'invalidPath')
  if (op === 'remove' && (path === null || path === ''))
    throw new ScimProblem(400, 'remove without a path', 'noTarget')
  return { op, path: path === '' ? null : path, value }
}

/** Without a path the value is an object; Entra puts whole paths into its keys (`name.givenName`). */
function separate(operation: Operation): readonly Operation[] {
  if (operation.path !== null) return [operation]
  if (!isJsonObject(operation.value))
    throw new ScimProblem(400, 'the value is no object, and there is no path', 'invalidValue')
  return Object.entries(writable(operation.value)).map(([path, value]) => ({
    op: operation.op,
    path,
    value,
  }))
}

function asLibraryWants({ op, path, value }: Operation): ScimPatchOperation {
  const bare = (path ?? '').replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i, '')
  const [spelt = bare] = Object.keys(spelled({ [bare]: null }))
  if (op === 'remove') {
    // Entra names the members to remove in the value, Okta in the path.
    return value === undefined ? { op, path: spelt } : { op, path: spelt, value: membersOf(value) }
  }
  return { op, path: spelt, value: spelt === 'active' ? booleanOf(value) : value }
}

/** Members are compared as whole objects by the library; only their value counts. */
function membersOf(value: unknown): unknown {
  return Array.isArray(value)
    ? value.map((one: unknown) => (isJsonObject(one) ? { value: one['value'] } : one))
    : value
}
