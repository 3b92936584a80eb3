/** Verifies an evidence bundle for the command line, against the log key that the verifier trusts. */
import { createReadStream } from 'node:fs'
import { checkBundle, type BundleTrust } from '../evidence/bundle/check-bundle.ts'
import { readBundle } from '../evidence/bundle/read-bundle.ts'
import { visibleLine } from '../lib/visible-text.ts'
import { EXIT, failWith, print, printJson, say } from './output.ts'

export async function verifyBundleFile(
  path: string,
  trust: BundleTrust,
  asJson: boolean,
): Promise<void> {
  const reading = await readBundle(createReadStream(path)).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  )
  if (typeof reading === 'string')
    return failWith(
      EXIT.failed,
      `${path} is neither a proof nor a bundle: ${reading}`,
      'an encrypted bundle is decrypted first: age -d -i key.txt bundle.tar.age > bundle.tar',
    )
  const origin = reading.manifest.log?.origin ?? ''
  const keys = trust.policy.logs.filter(({ key }) => key.name === origin)
  // One made before a rotation, and one made after it, are each signed by the key of their time.
  const reports = keys.map(({ key }) => checkBundle(reading, key, trust))
  const report = reports.find(({ problems }) => problems.length === 0) ?? reports[0]
  if (report === undefined)
    return failWith(EXIT.failed, `the policy names no key of the log that signed it: ${origin}`)
  const isFine = (verdict: string): boolean => verdict !== 'missing' && verdict !== 'altered'
  const holds = report.problems.length === 0 && report.items.every((item) => isFine(item.verdict))
  if (asJson) printJson({ version: 1, holds, ...report })
  else {
    print(`bundle  ${report.id}`)
    for (const { exchange, verdict } of report.items) print(`${verdict}  ${exchange}`)
  }
  for (const problem of report.problems) say(`problem: ${visibleLine(problem)}`)
  for (const { exchange, problems } of report.items)
    for (const problem of problems) say(`problem: ${exchange}: ${visibleLine(problem)}`)
  if (!holds) failWith(EXIT.failed, 'not everything in the bundle is as it was recorded')
}
