/** The page in a bundle that tells a third party what it is and how to check it. */
import type { BundleHead } from '../../evidence/bundle/manifest.ts'

export function bundleReadme(head: BundleHead, logKey: string | null): string {
  const { id, content, exporter, createdAtMs } = head
  return `# Evidence bundle ${id}

Made ${new Date(createdAtMs).toISOString()} by ${exporter.login} with Custody ${head.tool.version}. Open \`report.html\` to read it; it needs no
network. \`manifest.json\` lists every file; docs/design/bundle-format.md of Custody is the specification of all of them.

## Check it with Custody

    custody verify ${id}.tar --policy trust.policy

under the name that this file has with you. \`trust.policy\` is a text file of two lines, each with its end of line: \`log\`, a space and the key of the gateway's log; and
\`quorum none\`, or the witnesses that must have signed. Get the key on another way than with this bundle.${
    logKey === null
      ? ''
      : ` The bundle says it is

    ${logKey}
`
  }
## Check it without Custody

1. \`sha256sum manifest.json\` must be the value in the third line of \`manifest.sig\`; the Ed25519 signature at its end (base64; the first four
   bytes name the key) is over its first three lines.
2. For every entry of \`files\` in \`manifest.json\`: \`sha256sum\` of the file.
3. For each exchange: SHA-256 of the byte 0 and then \`opened.leaf\` is the leaf hash; the hashes of \`opened.tlog-proof\` lead from it to the root
   in the third line of \`log/checkpoint\` (RFC 6962, inclusion proof), which the log's key and perhaps witnesses signed.
${
  content === 'raw'
    ? `4. \`sha256sum opening.payload\` is \`pt\` in \`opened.leaf\`. In the JSON of \`opening.payload\` (after its first four bytes), \`body.sha256\` is
   \`sha256sum request.bin\`. The same with \`closing.payload\`, \`closed.leaf\`, \`answer.sha256\` and \`answer.bin\`.`
    : `4. This copy is masked: letters and digits of the texts are replaced. It proves that the exchanges were recorded, when, and what was
   decided; not the text. The leaves (\`pt\`) commit to the whole text: a raw bundle of the same exchanges can be checked against them.`
}

## What it proves, and what not

The proofs show that these records stood in the gateway's log when the checkpoint was signed, and were not changed since. They do not show that the
gateway told the truth when it wrote, or that it saw all traffic. \`custody.jsonl\` lists who looked at, held, exported or erased these records.
`
}
