/** Answers who wrote the rules of a policy: everybody whose version of it made or changed the rule. */
import type { RuleAuthors } from '../approvals/deciding.ts'
import { ruleTexts } from '../config/policy/rule-texts.ts'
import type { PolicyVersionTable } from '../model/policy-version.ts'

const NOBODY: RuleAuthors = new Map()

interface Followed {
  readonly hash: string
  readonly rules: ReadonlyMap<string, string>
  readonly authors: RuleAuthors
}

/**
 * Versions never change, so that each is read once. A policy from a file has no versions, and nobody knows who wrote it.
 * Threat: an author has a colleague retouch the rule and then approves. Whoever changed it stays one of its authors.
 */
export function createRuleAuthors(
  versions: Pick<PolicyVersionTable, 'read' | 'latest'>,
): (hash: string) => Promise<RuleAuthors> {
  const followed: Followed[] = []
  let following: Promise<void> = Promise.resolve()
  const follow = async (): Promise<void> => {
    const newest = (await versions.latest())?.version ?? 0
    while (followed.length < newest) {
      const row = await versions.read(followed.length + 1)
      if (row === null) return
      const before = followed.at(-1)
      const rules = ruleTexts(row.text)
      const authors = new Map(before?.authors)
      for (const [id, text] of rules) {
        if (before?.rules.get(id) === text) continue
        authors.set(id, new Set([...(authors.get(id) ?? []), row.author]))
      }
      followed.push({ hash: row.hash, rules, authors })
    }
  }
  return async (hash) => {
    following = following.catch(() => undefined).then(follow)
    await following
    // A text that was taken back has the authors of its latest return.
    return followed.findLast((one) => one.hash === hash)?.authors ?? NOBODY
  }
}
