export const NODE_FLAGS: readonly string[]
export const CUSTODY_FLAGS: readonly string[]
