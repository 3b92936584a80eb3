import { test } from 'node:test'
import { assertFlat } from '../harness/steps.ts'
import { HOSTILE_UNITS, hostileText } from '../harness/hostile-texts.ts'
import { maskingPaths } from '../harness/masking-paths.ts'

/** The first ten thousand characters of a run that is decoded cost less than what follows: 13 steps, then 17 however long it is. */
const SIZES = { short: [10_000, 20_000], long: 40_000 }

for (const [path, work] of Object.entries(maskingPaths('strict'))) {
  test(`On its way as ${path} a long text takes as many steps per character as a short one`, async () => {
    for (const name of Object.keys(HOSTILE_UNITS))
      await assertFlat(work, (length) => hostileText(name, length), SIZES)
  })
}
