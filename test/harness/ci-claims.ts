/** Tokens as the common issuers make them: the claims of each, with the rule that trusts them. */
import type { WrittenTrustRule } from '../../src/config/schema-trust.ts'

export interface Shape {
  readonly claims: Readonly<Record<string, unknown>>
  /** Without issuer and audience, which the test gives. */
  readonly rule: Omit<WrittenTrustRule, 'issuer' | 'audience'>
  /** A claim without which the rule must not hold, and what to say instead. */
  readonly wrong: Readonly<Record<string, unknown>>
  readonly principal: string
  readonly actor?: string
  readonly kept: Readonly<Record<string, string>>
}

const owner = 'alice'

export const CI_SHAPES: Readonly<Record<string, Shape>> = {
  'github-actions': {
    claims: {
      sub: 'repo:acme/shop:environment:production',
      repository: 'acme/shop',
      repository_id: '74',
      repository_owner: 'acme',
      repository_owner_id: '65',
      repository_visibility: 'private',
      workflow: 'deploy',
      workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
      job_workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
      ref: 'refs/heads/main',
      ref_type: 'branch',
      sha: '4f5d0c',
      environment: 'production',
      event_name: 'push',
      actor: 'mallory',
      actor_id: '12',
      run_id: '9001',
      run_number: '17',
      run_attempt: '2',
      runner_environment: 'github-hosted',
      jti: '6f4762ed-0758-4ccb-808d-ee3af5d723a8',
    },
    rule: {
      preset: 'github-actions',
      owner,
      claims: { repository_owner_id: '65', repository: 'acme/*', event_name: ['push', 'schedule'] },
      service: '{repository}',
    },
    wrong: { repository_owner_id: '66' },
    principal: 'github:acme/shop',
    actor: 'mallory',
    kept: { repository: 'acme/shop', run_id: '9001', run_attempt: '2', actor: 'mallory' },
  },
  'gitlab-ci': {
    claims: {
      sub: 'project_path:acme/shop:ref_type:branch:ref:main',
      namespace_id: '72',
      namespace_path: 'acme',
      project_id: '20',
      project_path: 'acme/shop',
      user_id: '1',
      user_login: 'mallory',
      user_email: 'mallory@acme.example',
      pipeline_id: '574',
      pipeline_source: 'push',
      job_id: '302',
      ref: 'main',
      ref_type: 'branch',
      ref_protected: 'true',
      runner_environment: 'gitlab-hosted',
      sha: '714a62',
      ci_config_ref_uri: 'gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main',
    },
    rule: { preset: 'gitlab-ci', owner, claims: { namespace_id: '72', ref_protected: 'true' } },
    wrong: { ref_protected: 'false' },
    principal: 'gitlab:acme/shop',
    actor: 'mallory',
    kept: { project_path: 'acme/shop', pipeline_id: '574', job_id: '302', user_login: 'mallory' },
  },
  buildkite: {
    claims: {
      sub: 'organization:acme:pipeline:shop:ref:refs/heads/main:commit:9f3:step:build',
      organization_slug: 'acme',
      organization_id: '0184990a',
      pipeline_slug: 'shop',
      pipeline_id: '0184990b',
      build_number: 17,
      build_branch: 'main',
      build_commit: '9f3182',
      step_key: 'build',
      job_id: '0184990c',
      agent_id: '0184990d',
      runner_environment: 'self-hosted',
    },
    rule: { preset: 'buildkite', owner, claims: { organization_id: '0184990a' } },
    wrong: { organization_id: '0184990b' },
    principal: 'buildkite:acme/shop',
    kept: { build_number: '17', step_key: 'build' },
  },
  circleci: {
    claims: {
      sub: 'org/5d7b/project/c07a/user/3b2e',
      'oidc.circleci.com/project-id': 'c07a',
      'oidc.circleci.com/context-ids': ['f1'],
      'oidc.circleci.com/workflow-id': 'w1',
      'oidc.circleci.com/job-id': 'j1',
      'oidc.circleci.com/vcs-origin': 'github.com/acme/shop',
      'oidc.circleci.com/vcs-ref': 'refs/heads/main',
      'oidc.circleci.com/ssh-rerun': false,
    },
    rule: {
      preset: 'circleci',
      owner,
      claims: { 'oidc.circleci.com/project-id': 'c07a', 'oidc.circleci.com/ssh-rerun': 'false' },
    },
    wrong: { 'oidc.circleci.com/ssh-rerun': true },
    principal: 'circleci:c07a',
    kept: { 'oidc.circleci.com/job-id': 'j1', 'oidc.circleci.com/ssh-rerun': 'false' },
  },
  kubernetes: {
    claims: {
      sub: 'system:serviceaccount:shop:checkout',
      aud: ['custody'],
      'kubernetes.io': {
        namespace: 'shop',
        node: { name: 'node-1', uid: 'n1' },
        pod: { name: 'checkout-5d9', uid: 'p1' },
        serviceaccount: { name: 'checkout', uid: 's1' },
      },
    },
    rule: {
      preset: 'kubernetes',
      owner,
      claims: { 'kubernetes.io.namespace': 'shop' },
      service: '{kubernetes.io.serviceaccount.name}',
    },
    wrong: { 'kubernetes.io': { namespace: 'other', serviceaccount: { name: 'checkout' } } },
    principal: 'system:serviceaccount:shop:checkout',
    kept: { 'kubernetes.io.pod.name': 'checkout-5d9', 'kubernetes.io.node.name': 'node-1' },
  },
  okta: {
    claims: { sub: 'mallory@acme.example', uid: '00u1', cid: '0oa1', groups: ['eng', 'oncall'] },
    rule: { preset: 'okta', owner, claims: { groups: 'eng' } },
    wrong: { groups: ['sales'] },
    principal: 'mallory@acme.example',
    kept: { uid: '00u1' },
  },
  'entra-id': {
    claims: {
      sub: 'AAAB',
      oid: 'o-1',
      tid: 't-1',
      ver: '2.0',
      azp: 'app-1',
      preferred_username: 'mallory@acme.example',
      groups: ['g-1'],
    },
    rule: { preset: 'entra-id', owner, claims: { tid: 't-1' }, parties: ['app-1'] },
    wrong: { azp: 'app-2' },
    principal: 'o-1',
    kept: { tid: 't-1', preferred_username: 'mallory@acme.example' },
  },
  google: {
    claims: {
      sub: '1102',
      email: 'mallory@acme.example',
      email_verified: true,
      hd: 'acme.example',
    },
    rule: { preset: 'google', owner, claims: { hd: 'acme.example' } },
    wrong: { email_verified: false },
    principal: 'mallory@acme.example',
    kept: { hd: 'acme.example' },
  },
  auth0: {
    claims: { sub: 'abc@clients', gty: 'client-credentials', azp: 'abc' },
    rule: { preset: 'auth0', owner, parties: ['abc'], principalKind: 'service' },
    wrong: { azp: 'xyz' },
    principal: 'abc@clients',
    kept: { gty: 'client-credentials' },
  },
}
