/** What is known of common issuers: where they are, which claims say who it is, which of them name an owner. */
import type { JwtAlgorithm, TrustPreset } from '../model/trust.ts'

export interface Preset {
  /** Empty: each installation has its own. */
  readonly issuer: string
  readonly algorithms: readonly JwtAlgorithm[]
  readonly principal: string
  readonly principalKind: 'person' | 'service' | 'job'
  readonly actor: string
  readonly groupsClaim: string
  readonly keep: readonly string[]
  /** Conditions that always hold, whatever the rule says. */
  readonly always: Readonly<Record<string, readonly string[]>>
}

const CI = { principalKind: 'job', groupsClaim: '', always: {} } as const
const PERSON = { principalKind: 'person', actor: '', always: {} } as const

export const PRESETS: Readonly<Record<TrustPreset, Preset>> = {
  'github-actions': {
    ...CI,
    issuer: 'https://token.actions.githubusercontent.com',
    algorithms: ['RS256'],
    principal: 'github:{repository}',
    actor: '{actor}',
    keep: [
      'repository',
      'repository_id',
      'repository_owner',
      'repository_owner_id',
      'workflow_ref',
      'job_workflow_ref',
      'ref',
      'sha',
      'environment',
      'event_name',
      'actor',
      'actor_id',
      'run_id',
      'run_number',
      'run_attempt',
      'runner_environment',
    ],
  },
  'gitlab-ci': {
    ...CI,
    issuer: 'https://gitlab.com',
    algorithms: ['RS256'],
    principal: 'gitlab:{project_path}',
    actor: '{user_login}',
    keep: [
      'project_path',
      'project_id',
      'namespace_path',
      'namespace_id',
      'ref',
      'ref_type',
      'ref_protected',
      'sha',
      'pipeline_id',
      'pipeline_source',
      'job_id',
      'user_login',
      'user_id',
      'environment',
      'ci_config_ref_uri',
      'runner_environment',
    ],
  },
  buildkite: {
    ...CI,
    issuer: 'https://agent.buildkite.com',
    algorithms: ['RS256'],
    principal: 'buildkite:{organization_slug}/{pipeline_slug}',
    actor: '',
    keep: [
      'organization_id',
      'organization_slug',
      'pipeline_id',
      'pipeline_slug',
      'build_number',
      'build_branch',
      'build_commit',
      'step_key',
      'job_id',
      'agent_id',
    ],
  },
  circleci: {
    ...CI,
    issuer: '',
    algorithms: ['RS256'],
    principal: 'circleci:{oidc.circleci.com/project-id}',
    actor: '',
    keep: [
      'sub',
      'oidc.circleci.com/project-id',
      'oidc.circleci.com/pipeline-definition-id',
      'oidc.circleci.com/workflow-id',
      'oidc.circleci.com/job-id',
      'oidc.circleci.com/vcs-origin',
      'oidc.circleci.com/vcs-ref',
      'oidc.circleci.com/ssh-rerun',
    ],
  },
  kubernetes: {
    principalKind: 'service',
    groupsClaim: '',
    always: {},
    issuer: '',
    algorithms: ['RS256', 'ES256'],
    principal: '{sub}',
    actor: '',
    keep: [
      'sub',
      'kubernetes.io.namespace',
      'kubernetes.io.serviceaccount.name',
      'kubernetes.io.serviceaccount.uid',
      'kubernetes.io.pod.name',
      'kubernetes.io.pod.uid',
      'kubernetes.io.node.name',
    ],
  },
  spiffe: {
    principalKind: 'service',
    groupsClaim: '',
    always: {},
    issuer: '',
    algorithms: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'],
    principal: '{sub}',
    actor: '',
    keep: ['sub'],
  },
  okta: {
    ...PERSON,
    issuer: '',
    algorithms: ['RS256'],
    principal: '{sub}',
    groupsClaim: 'groups',
    keep: ['sub', 'uid', 'cid', 'email'],
  },
  'entra-id': {
    ...PERSON,
    issuer: '',
    algorithms: ['RS256'],
    principal: '{oid}',
    groupsClaim: 'groups',
    keep: ['oid', 'tid', 'sub', 'appid', 'azp', 'idtyp', 'preferred_username', 'upn'],
  },
  google: {
    ...PERSON,
    issuer: 'https://accounts.google.com',
    algorithms: ['RS256'],
    principal: '{email}',
    groupsClaim: '',
    keep: ['sub', 'email', 'hd'],
    always: { email_verified: ['true'] },
  },
  auth0: {
    ...PERSON,
    issuer: '',
    algorithms: ['RS256'],
    principal: '{sub}',
    groupsClaim: '',
    keep: ['sub', 'email', 'gty'],
  },
}

interface SharedIssuer {
  readonly name: string
  readonly isMeant: (issuer: string) => boolean
  /**
   * Claims that name an owner, with the shape their literal beginning (before the first `*`) must have: a rule that
   * pins none of them would accept the jobs of every customer of the issuer.
   */
  readonly owners: Readonly<Record<string, RegExp>>
}

const WHOLE = /^[^*]+$/
const OWNER_AND_SLASH = /^[^*/]+\//

const hostIs =
  (...hosts: readonly string[]) =>
  (issuer: string): boolean =>
    URL.canParse(issuer) && hosts.includes(new URL(issuer).hostname)

/** Issuers that sign for everybody in the world. */
export const SHARED_ISSUERS: readonly SharedIssuer[] = [
  {
    name: 'GitHub Actions',
    isMeant: hostIs('token.actions.githubusercontent.com'),
    owners: {
      repository_owner_id: WHOLE,
      repository_id: WHOLE,
      repository_owner: WHOLE,
      enterprise_id: WHOLE,
      repository: OWNER_AND_SLASH,
      sub: /^repo:[^*/]+\//,
      job_workflow_ref: OWNER_AND_SLASH,
    },
  },
  {
    name: 'GitLab.com',
    isMeant: hostIs('gitlab.com'),
    owners: {
      namespace_id: WHOLE,
      project_id: WHOLE,
      namespace_path: WHOLE,
      project_path: OWNER_AND_SLASH,
      sub: /^project_path:[^*/]+\//,
    },
  },
  {
    name: 'Buildkite',
    isMeant: hostIs('agent.buildkite.com'),
    owners: {
      organization_id: WHOLE,
      organization_slug: WHOLE,
      pipeline_id: WHOLE,
      sub: /^organization:[^*:]+:/,
    },
  },
  {
    name: 'Google',
    isMeant: hostIs('accounts.google.com'),
    owners: { hd: WHOLE, sub: WHOLE, email: /^(?:[^*@]+@[^*]+)$/ },
  },
  {
    name: 'Entra ID for all tenants',
    isMeant: (issuer) =>
      hostIs('login.microsoftonline.com', 'sts.windows.net')(issuer) &&
      /^\/(?:common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)\b/.test(
        new URL(issuer).pathname,
      ),
    owners: { tid: WHOLE, oid: WHOLE },
  },
]

/** True when one of the conditions says whose tokens are meant. */
export function namesOwner(
  { owners }: SharedIssuer,
  conditions: Readonly<Record<string, readonly string[]>>,
): boolean {
  return Object.entries(conditions).some(([claim, patterns]) => {
    const shape = owners[claim]
    if (shape === undefined || patterns.length === 0) return false
    return patterns.every((pattern) =>
      shape === WHOLE ? shape.test(pattern) : shape.test(pattern.split('*', 1)[0] ?? ''),
    )
  })
}
