/** Why a JSON document was refused, and the limits that may refuse it. */

/** `message` names what is wrong and where; it never quotes the document. */
export interface JsonProblem {
  readonly code: 'malformed' | 'duplicate-key' | 'too-deep' | 'too-many-elements' | 'not-utf8'
  /** Byte offset in the document. */
  readonly offset: number
  readonly message: string
}

export interface JsonLimits {
  /** Containers inside one another; a bare scalar has depth 0. */
  readonly depthMax: number
  /** Values of any kind, containers included; keys are not counted. */
  readonly elementsMax: number
}
