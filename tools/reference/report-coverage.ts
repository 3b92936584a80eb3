/** Which section of the report of a case answers which field of the guidance that auditors ask by, and where the rest is. */

export interface Covered {
  readonly framework: 'NIST SP 800-61r3' | 'CoSAI AI IR 1.0'
  readonly field: string
  /** What it asks for. */
  readonly asks: string
  /** Titles of sections of the report; empty where the report itself does not say it. */
  readonly sections: readonly string[]
  /** What of it is in the signed bundle or elsewhere; empty where the report says all. */
  readonly besides: string
}

const nist = (field: string, asks: string, sections: readonly string[], besides = ''): Covered => ({
  framework: 'NIST SP 800-61r3',
  field,
  asks,
  sections,
  besides,
})
const cosai = (
  field: string,
  asks: string,
  sections: readonly string[],
  besides = '',
): Covered => ({ framework: 'CoSAI AI IR 1.0', field, asks, sections, besides })

/** Fields of the framework of CSF 2.0 as SP 800-61r3 applies it, and of the AI Incident Response Framework of CoSAI. */
export const COVERAGE: readonly Covered[] = [
  nist('RS.MA-01', 'the response is carried out once an incident is declared', [
    'State',
    'Timeline',
  ]),
  nist('RS.MA-02', 'reports are triaged and validated', ['Question', 'Findings']),
  nist('RS.MA-03', 'incidents are categorised and prioritised', ['State']),
  nist('RS.MA-04', 'incidents are escalated as needed', ['What was done', 'Members']),
  nist('RS.AN-03', 'what has taken place, and the root cause', ['Exposure', 'Findings']),
  nist(
    'RS.AN-06',
    'actions of investigators are recorded, their integrity and provenance kept',
    ['Timeline', 'How to check this report'],
    'each action is a leaf of the transparency log too',
  ),
  nist(
    'RS.AN-07',
    'incident data and metadata are collected, their integrity and provenance kept',
    ['Pinned exchanges', 'How to check this report'],
    'the signed bundle holds records, proofs, source, time of collection and the query that was used',
  ),
  nist('RS.AN-08', 'magnitude: who and what was affected', ['Exposure', 'Pinned exchanges']),
  nist('RS.CO-02', 'who was notified', ['What was done']),
  nist(
    'RS.CO-03',
    'how far it may be told',
    ['State'],
    'the marking (TLP 2.0) stands on every page',
  ),
  nist('RS.MI-01', 'how it was contained', ['What was done']),
  nist('RS.MI-02', 'how it was eradicated', ['What was done', 'Tasks']),
  nist('RC.RP-06', 'the end of recovery is declared', ['State']),
  nist(
    'Chain of custody',
    'each handler, when, and for what',
    ['Timeline', 'Members'],
    'the custody log of the bundle',
  ),
  cosai('Timestamp', 'when each interaction took place', ['Pinned exchanges']),
  cosai('Identity', 'user, service and key behind it', ['Exposure', 'Pinned exchanges']),
  cosai('Model', 'model, version and provider', ['Exposure', 'Pinned exchanges']),
  cosai(
    'Outcome',
    'what the guardrails did',
    ['Pinned exchanges'],
    'decision with rules and policy hash in each record',
  ),
  cosai(
    'Prompt and completion',
    'raw input and output',
    [],
    'never in the report; in a raw bundle, and in the record under a reveal',
  ),
  cosai(
    'Token usage, latency',
    'as metrics of each interaction',
    [],
    'in each record of the bundle',
  ),
  cosai('Tool calls', 'which tools, with which arguments', [], 'in each record of the bundle'),
  cosai(
    'Conversation',
    'trace or session of the interaction',
    [],
    'in each record of the bundle; as a film in the console',
  ),
  cosai(
    'Bypass',
    'whether guardrails were bypassed',
    ['Findings'],
    'policy hash and verdict in each record',
  ),
  cosai(
    'Data that left',
    'what sensitive content left, to whom',
    ['Exposure'],
    'findings by keyed fingerprint in each record',
  ),
]
