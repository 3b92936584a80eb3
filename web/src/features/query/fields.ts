/** The fields of the query bar that are counted beside the list. */
import type { FacetField } from '../../../../src/model/exchange-query.ts'
import { fieldOf } from '../../../../src/model/query/fields.ts'
import type { FieldName } from '../../../../src/model/query/fields.ts'

export type { FieldName } from '../../../../src/model/query/fields.ts'

/** In reading order. */
export const FACETS: readonly { readonly field: FieldName; readonly title: string }[] = [
  { field: 'state', title: 'State' },
  { field: 'principal', title: 'Principal' },
  { field: 'service', title: 'Service' },
  { field: 'entity', title: 'Found' },
  { field: 'finding', title: 'Found in' },
  { field: 'verdict', title: 'Verdict' },
  { field: 'policy', title: 'Policy rule' },
  { field: 'model', title: 'Model' },
  { field: 'upstream', title: 'Upstream' },
  { field: 'status', title: 'Status' },
  { field: 'outcome', title: 'Outcome' },
  { field: 'error', title: 'Error code' },
  { field: 'surface', title: 'Surface' },
  { field: 'dialect', title: 'Dialect' },
  { field: 'key', title: 'Key' },
  { field: 'route', title: 'Route' },
  { field: 'tool', title: 'Tool' },
  { field: 'tag', title: 'Tag' },
  { field: 'rule', title: 'Detector rule' },
  { field: 'fingerprint', title: 'Fingerprint' },
]

/** The name that API and facets have for it. */
export function parameterOf(field: FieldName): FacetField {
  const { facet } = fieldOf(field)
  if (facet === null) throw new Error(`${field} is not counted`)
  return facet
}
