/** The month that the demo tells: who works at the bank, what they ask, and the leak. Pure data. */

/** What leaked: two sentences of a memo, as they turned up on a public board. */
export const LEAKED_SNIPPET =
  'Project Bluebird closes on 14 December. The board accepted 41.70 a share, and nothing is to be said before the regulators have answered.'

const MEMO = [
  'MEMO, strictly confidential. To: corporate development. Subject: Project Bluebird.',
  'Counsel confirmed the timetable this morning.',
  LEAKED_SNIPPET,
  'Retention packages for the twelve people on the list are in the data room, folder 7.',
].join('\n')

export interface Actor {
  /** Owner of the key: the principal of what it sends. */
  readonly owner: string
  readonly keyName: string
  readonly service: string
  readonly dialect: 'openai' | 'anthropic'
  readonly model: string
  readonly userAgent: string
}

export const ACTORS = {
  support: {
    owner: 'support-bot',
    keyName: 'support bot, production',
    service: 'support-bot',
    dialect: 'openai',
    model: 'gpt-5-mini',
    userAgent: 'OpenAI/Python 2.4.0',
  },
  mei: {
    owner: 'mei.tan',
    keyName: 'Mei, laptop',
    service: '',
    dialect: 'anthropic',
    model: 'claude-sonnet-5',
    userAgent: 'claude-cli/2.1.0',
  },
  jonas: {
    owner: 'jonas.weber',
    keyName: 'Jonas, laptop',
    service: '',
    dialect: 'anthropic',
    model: 'claude-sonnet-5',
    userAgent: 'claude-cli/2.1.0',
  },
  sara: {
    owner: 'sara.nilsson',
    keyName: 'Sara, corporate development',
    service: 'finance-assistant',
    dialect: 'openai',
    model: 'gpt-5',
    userAgent: 'OpenAI/JS 7.57.0',
  },
  knowledge: {
    owner: 'knowledge-search',
    keyName: 'knowledge search, production',
    service: 'knowledge-search',
    dialect: 'openai',
    model: 'gpt-5-mini',
    userAgent: 'OpenAI/Python 2.4.0',
  },
  people: {
    owner: 'people-assistant',
    keyName: 'people assistant, production',
    service: 'people-assistant',
    dialect: 'openai',
    model: 'gpt-5',
    userAgent: 'OpenAI/Python 2.4.0',
  },
  release: {
    owner: 'platform-team',
    keyName: 'release notes job',
    service: 'ci/release-notes',
    dialect: 'openai',
    model: 'gpt-5-mini',
    userAgent: 'OpenAI/Python 2.4.0',
  },
  /** Left on the 12th; the key is still in a secret of the nightly job. */
  mara: {
    owner: 'mara.voss',
    keyName: 'nightly tests (Mara, contractor)',
    service: 'ci/nightly-tests',
    dialect: 'openai',
    model: 'gpt-5-mini',
    userAgent: 'OpenAI/Python 2.3.1',
  },
} as const satisfies Readonly<Record<string, Actor>>

export type ActorName = keyof typeof ACTORS

export interface Colleague {
  readonly login: string
  readonly name: string
  readonly roles: readonly string[]
}

export const COLLEAGUES: readonly Colleague[] = [
  { login: 'ines.roth', name: 'Ines Roth', roles: ['investigator', 'policy-author'] },
  { login: 'olga.brandt', name: 'Olga Brandt', roles: ['investigator', 'approver'] },
  { login: 'rosa.klein', name: 'Rosa Klein', roles: ['auditor'] },
  { login: 'paul.okafor', name: 'Paul Okafor', roles: ['policy-author'] },
  { login: 'mei.tan', name: 'Mei Tan', roles: ['member'] },
  { login: 'jonas.weber', name: 'Jonas Weber', roles: ['member'] },
  { login: 'sara.nilsson', name: 'Sara Nilsson', roles: ['member'] },
  // Her contract ended on the 12th, and nobody told the gateway: a person who is disabled loses the keys at once.
  { login: 'mara.voss', name: 'Mara Voss (contractor)', roles: ['member'] },
]

/** One turn: what is added to the context, and what the model says to it. */
export interface Turn {
  readonly say: string
  readonly answer: string
  /** What a tool gave back is said in the place of `say`. */
  readonly tool?: { readonly name: string; readonly input: string }
}

export interface Scene {
  readonly actor: ActorName
  readonly system: string
  readonly turns: readonly [Turn, ...Turn[]]
  readonly stream: boolean
  /** Clients of coding agents name their session; others are linked by what was said. */
  readonly session?: number
  /** What a CI job says of itself. */
  readonly job?: { readonly repository: string; readonly run: number }
}

const CUSTOMERS = [
  ['Anna Lindqvist', 'anna.lindqvist@example.com', '4111 1111 1111 1111'],
  ['Tomás Herrera', 'tomas.herrera@example.net', '5555 5555 5555 4444'],
  ['Priya Raman', 'priya.raman@example.org', '3782 822463 10005'],
  ['Lukas Bauer', 'l.bauer@example.com', '4012 8888 8888 1881'],
] as const

const COMPLAINTS = [
  'says that a card payment was taken twice last Friday and wants one back',
  'cannot log in since the new telephone, and the code never comes',
  'asks why the standing order was not carried out on the first',
  'wants to raise the daily limit for a journey to Lisbon',
  'asks for the fee schedule of the premium account in writing',
] as const

const CODE_ASKS = [
  [
    'Why does this test hang? It awaits a promise that is settled in another worker.',
    'The worker never posts back when it throws, so nothing settles the promise. Post the error in a catch and reject with it.',
  ],
  [
    'Turn this nested loop into something that does not read the list once for each row.',
    'Build a map from id to row first, then look each one up; the work falls from n times m to n plus m.',
  ],
  [
    'Write a migration that adds a nullable column and fills it in batches.',
    'Add the column in one transaction. Then update a thousand rows at a time by primary key, with a pause between, until none is left.',
  ],
  [
    'Explain what this regular expression accepts and where it backtracks.',
    'It accepts dotted names of at most three parts. The repeated group with an optional dot backtracks on long names without one; anchor it.',
  ],
] as const

export function supportScene(which: number): Scene {
  const [name, mail, card] = CUSTOMERS[which % CUSTOMERS.length] ?? CUSTOMERS[0]
  const complaint = COMPLAINTS[which % COMPLAINTS.length] ?? COMPLAINTS[0]
  return {
    actor: 'support',
    system:
      'You help customers of a bank. Be brief and kind. Never promise money. Ask for nothing that you do not need.',
    stream: which % 3 !== 0,
    turns: [
      {
        say: `Ticket ${48_000 + which}: ${name} <${mail}>, card ${card}, ${complaint}.`,
        answer: `Dear ${name}, thank you for writing. I have passed this on and you will hear from us within two working days.`,
      },
      {
        say: 'Make it shorter and name the next step.',
        answer: `Dear ${name}, a colleague looks into it today and writes to you tomorrow.`,
      },
    ],
  }
}

const FILES = [
  [
    'src/payments/refund.ts',
    'export async function refund(payment: Payment): Promise<Receipt> {\n  const entry = await ledger.post({ ...payment, kind: "refund" })\n  return partner.send(entry)\n}\n',
  ],
  [
    'src/payments/refund.test.ts',
    'test("a refund is booked once", async () => {\n  const receipt = await refund({ card: "4111 1111 1111 1111", amount: 1200 })\n  assert.equal(receipt.state, "sent")\n})\n',
  ],
  [
    'src/payments/partner.ts',
    'export const partner = {\n  send: (entry: Entry) => retry(() => http.post(`${BASE}/refunds`, entry), { times: 3 }),\n}\n',
  ],
] as const

/** An agent that reads files of a repository, one after the other; a test holds a card number. */
export function agentScene(actor: 'mei' | 'jonas', which: number): Scene {
  const read = FILES.map(([name, text], at) => ({
    say: text.repeat(4 + ((which + at) % 3)),
    tool: { name: 'read_file', input: `{"path":"${name}"}` },
    answer:
      [
        'The ledger is posted before the partner has answered, so a retry posts it a second time. I look at the test next.',
        'The test uses a card number. Use a token in its place; I read how the partner is called.',
        'The partner retries without an idempotency key. Give each refund one, made once, and post to the ledger when it answers.',
      ][at] ?? '',
  }))
  return {
    actor,
    session: which,
    stream: true,
    system:
      'You are a coding agent in the repository of the payments team. Read before you write. Change as little as you can, and run the tests.',
    turns: [
      {
        say: `Refund ${4100 + which} was booked twice. Find out why.`,
        answer: 'I read the code of the refund first.',
      },
      ...read,
      {
        say: 'Good. Write it down for the review.',
        answer:
          'A refund was posted twice when the partner timed out: the retry had no idempotency key. Each refund gets one now, and the ledger is posted after the answer.',
      },
    ],
  }
}

export function peopleScene(which: number): Scene {
  return {
    actor: 'people',
    system: 'You help the people desk of a bank. What is said here is confidential.',
    stream: false,
    turns: [
      {
        say: `Draft an invitation to the review of employee ${700 + which}; the rating is not to be named.`,
        answer: 'Dear colleague, we would like to talk with you about the past year on Thursday.',
      },
    ],
  }
}

export function codeScene(actor: 'mei' | 'jonas', which: number): Scene {
  const asks = [0, 1, 2].map((step) => CODE_ASKS[(which + step) % CODE_ASKS.length] ?? CODE_ASKS[0])
  const [first, ...others] = asks.map(([say, answer]) => ({ say, answer }))
  return {
    actor,
    system: 'You are a careful programmer. Answer in a few sentences, then show the change.',
    stream: true,
    turns: [first ?? { say: 'Hello', answer: 'Hello.' }, ...others.slice(0, which % 3)],
  }
}

export function releaseScene(which: number): Scene {
  return {
    actor: 'release',
    system: 'Summarise commits for customers in at most five lines.',
    stream: false,
    turns: [
      {
        say: `Release ${3 + Math.floor(which / 8)}.${which % 8}.0: payments: retry on timeout; cards: new limit page; login: passkeys on Android.`,
        answer:
          'Payments are tried again when a partner does not answer. Limits of a card have a page of their own. Passkeys work on Android.',
      },
    ],
  }
}

export function nightlyScene(which: number): Scene {
  return {
    actor: 'mara',
    job: { repository: 'bank/payments-tests', run: 4700 + which },
    system: 'You judge whether two answers mean the same. Say yes or no.',
    stream: false,
    turns: [
      {
        say: `Case ${which}: is "the transfer was refused" the same as "we could not carry out your transfer"?`,
        answer: 'Yes.',
      },
    ],
  }
}

/** Day of the month (0 is the first) to scenes that matter. */
export const PLOT: readonly {
  readonly day: number
  readonly hour: number
  readonly scene: Scene
}[] = [
  {
    day: 16,
    hour: 9,
    scene: {
      actor: 'sara',
      system: 'You help corporate development. Documents are confidential.',
      stream: true,
      turns: [
        {
          say: `Summarise this for the steering group:\n\n${MEMO}`,
          answer:
            'The deal is agreed and closes in the middle of December; the price is settled, and silence is kept until the regulators have answered.',
        },
        {
          say: 'Draft the agenda for Thursday from it.',
          answer: '1. Timetable. 2. Regulators. 3. Retention packages. 4. Who may know.',
        },
      ],
    },
  },
  {
    day: 18,
    hour: 14,
    scene: {
      actor: 'knowledge',
      system: `Answer from the documents.\n\n<document title="steering group, notes">\n${MEMO}\n</document>`,
      stream: true,
      turns: [
        {
          say: 'Which folder holds the retention packages?',
          answer: 'Folder 7 of the data room.',
        },
      ],
    },
  },
  {
    day: 26,
    hour: 2,
    scene: {
      actor: 'mara',
      job: { repository: 'bank/payments-tests', run: 4726 },
      system: `Answer from the documents.\n\n<document title="steering group, notes">\n${MEMO}\n</document>`,
      stream: true,
      turns: [
        {
          say: 'Repeat what the documents say about dates and prices, word for word.',
          answer: `The notes say: "${LEAKED_SNIPPET}"`,
        },
      ],
    },
  },
]
