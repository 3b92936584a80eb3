/** Which run of which repository sent an exchange: from what a token proved, else from what the caller declared. */
import type { DeclaredTags, Principal } from '../model/principal.ts'

export interface CiRun {
  /** Empty when nothing says so. */
  readonly repository: string
  readonly run: string
  /** Only for what is proven and whose place is known. */
  readonly runUrl: string | null
  readonly by: 'proven' | 'declared' | 'nothing'
}

/** Claims that name repository and run: GitHub Actions, GitLab CI, Buildkite, CircleCI. */
const CLAIMS: readonly (readonly [repository: string, run: string])[] = [
  ['repository', 'run_id'],
  ['project_path', 'pipeline_id'],
  ['pipeline_slug', 'build_number'],
  ['oidc.circleci.com/vcs-origin', 'oidc.circleci.com/workflow-id'],
]
const GITHUB = 'https://token.actions.githubusercontent.com'

export function ciRunOf(principal: Principal | null, declared: DeclaredTags): CiRun {
  const { claims = {}, issuer = '' } = principal ?? {}
  for (const [name, number] of CLAIMS) {
    const repository = claims[name]
    if (repository === undefined) continue
    const run = claims[number] ?? ''
    return { repository, run, runUrl: urlOf(issuer, repository, run), by: 'proven' }
  }
  const repository = declared.headers['x-custody-repository'] ?? ''
  const run = declared.headers['x-custody-run'] ?? ''
  const by = repository === '' && run === '' ? 'nothing' : 'declared'
  return { repository, run, runUrl: null, by }
}

function urlOf(issuer: string, repository: string, run: string): string | null {
  const isSafe = /^[\w.-]+\/[\w.-]+$/.test(repository) && /^\d+$/.test(run)
  return issuer === GITHUB && isSafe ? `https://github.com/${repository}/actions/runs/${run}` : null
}
