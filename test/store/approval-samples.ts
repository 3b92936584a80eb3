/** An approval and a grant for tests: plain ones to override. */
import type {
  Approval,
  AskedRule,
  AskedTerms,
  FrozenRequest,
  Grant,
} from '../../src/model/approval.ts'
import { EPOCH_MS, exchangeId } from './samples.ts'

export const digits = (n: number): string => String(n).padStart(26, '0')

export function askedRule(changes: Partial<AskedRule> = {}): AskedRule {
  return {
    rule: 'cards',
    title: 'Payment card numbers leave the company',
    message: 'Card numbers need an approval.',
    reasons: ['1 new CREDIT_CARD'],
    findings: ['fp-1'],
    newFindings: ['fp-1'],
    approvers: [],
    quorum: 1,
    escalateTo: [],
    ...changes,
  }
}

export function askedTerms(changes: Partial<AskedTerms> = {}): AskedTerms {
  return {
    expiresInMs: 1_800_000,
    holdBudgetMs: null,
    reasonRequired: false,
    highAssurance: false,
    grants: 'conversation',
    grantMs: 1_800_000,
    ...changes,
  }
}

export function frozen(changes: Partial<FrozenRequest> = {}): FrozenRequest {
  return {
    exchange: exchangeId(1),
    digest: 'digest-1',
    bodyDigest: 'body-1',
    policy: 'policy-1',
    principal: 'dana',
    principalKind: 'person',
    proof: 'gateway-key',
    service: 'checkout',
    declaredService: '',
    keyId: null,
    people: [],
    claims: {},
    conversation: 'cv_1',
    upstream: 'openai',
    surface: 'openai.chat-completions',
    model: 'gpt-5',
    stream: false,
    toolNames: [],
    requestBytes: 120,
    kinds: [{ entity: 'CREDIT_CARD', count: 1, fresh: 1 }],
    ...changes,
  }
}

export function pending(n: number, changes: Partial<Approval> = {}): Approval {
  const request = changes.request ?? frozen({ digest: `digest-${n}` })
  return {
    id: `ap_${digits(n)}`,
    state: 'pending',
    version: 1,
    coalesceKey: `key-${n}`,
    createdAtMs: EPOCH_MS,
    expiresAtMs: EPOCH_MS + 1_800_000,
    decidedAtMs: null,
    escalatedAtMs: null,
    request,
    requesters: ['dana'],
    digests: [request.digest],
    asks: [askedRule()],
    terms: askedTerms(),
    votes: [],
    history: [{ kind: 'created', atMs: EPOCH_MS, actor: 'dana', reason: '', surface: '' }],
    noted: 0,
    brokeGlass: false,
    review: null,
    sealedCard: 'sealed\0\ud800',
    page: `page-${n}`,
    ...changes,
  }
}

export function grantRow(n: number, changes: Partial<Grant> = {}): Grant {
  return {
    id: `gr_${digits(n)}`,
    approval: `ap_${digits(n)}`,
    principal: 'dana',
    upstream: 'openai',
    kind: 'once',
    masked: false,
    conversation: 'cv_1',
    rules: [{ rule: 'cards', findings: ['fp-1'] }],
    digests: ['digest-1'],
    createdAtMs: EPOCH_MS,
    expiresAtMs: EPOCH_MS + 1_800_000,
    carryUntilMs: EPOCH_MS + 86_400_000,
    usesMax: 3,
    uses: 0,
    grantedBy: 'erin',
    revokedAtMs: null,
    revokedBy: '',
    ...changes,
  }
}
