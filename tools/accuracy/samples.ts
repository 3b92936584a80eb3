/** The development set: values with valid check digits in many surroundings, and texts that only look like it. */
import { shippedPacks } from '../../src/config/rule-files.ts'
import { listAt, valueAt } from '../../src/lib/json/loose.ts'
import { bankNumber, cardNumber, createDraw } from './values.ts'
import type { Draw } from './values.ts'

export interface Sample {
  readonly text: string
  readonly values: readonly {
    readonly entity: string
    readonly start: number
    readonly end: number
    /** False where the value is known to lie inside only: an example of a rule with its context. */
    readonly isExact: boolean
  }[]
}

const SEED = 20_261_123
const EACH = 400

/** `{}` is where the value stands. */
const SURROUNDINGS = [
  'Please use {} for this.',
  'It is {}, as I said before.',
  'Kunde meldet: {} (siehe Ticket).',
  '{"note": "{}", "ok": true}',
  '| customer | {} | open |',
  '- **{}**',
  'const value = "{}"; // from the form',
  '<td>{}</td>',
  'value={}\nnext=1\n',
  'First line.\n{}\nLast line.',
  '({})',
  '> {} wrote on Tuesday',
]

function placed(surrounding: string, entity: string, value: string): Sample {
  const start = surrounding.indexOf('{}')
  return {
    text: surrounding.replace('{}', () => value),
    values: [{ entity, start, end: start + value.length, isExact: true }],
  }
}

const NAMES = ['jane', 'omar', 'li.wei', 'a_novak', 'sofia-m', 'x']
const HOSTS = ['example.org', 'mail.example.co.uk', 'firma.de', 'uni-ex.edu', 'shop.example.io']

const MADE: Readonly<Record<string, (draw: Draw) => string>> = {
  EMAIL_ADDRESS: (draw) => `${draw.pick(NAMES)}${draw.digits(2)}@${draw.pick(HOSTS)}`,
  CREDIT_CARD: (draw) => groupedCard(cardNumber(draw), draw.pick(['', ' ', '-'])),
  IBAN_CODE: (draw) => grouped(bankNumber(draw), 4, draw.pick(['', ' '])),
  US_SSN: (draw) => `${100 + draw.below(565)}-${10 + draw.below(89)}-${1000 + draw.below(8999)}`,
  IP_ADDRESS: (draw) =>
    `${11 + draw.below(200)}.${draw.below(256)}.${draw.below(256)}.${1 + draw.below(254)}`,
  MAC_ADDRESS: (draw) => Array.from({ length: 6 }, () => draw.hex(2)).join(draw.pick([':', '-'])),
  PHONE_NUMBER: (draw) =>
    draw.pick([
      () => `+49 30 ${draw.digits(4)} ${draw.digits(4)}`,
      () => `+1 (${200 + draw.below(700)}) ${200 + draw.below(700)}-${draw.digits(4)}`,
      () => `+44 20 7946 ${draw.digits(4)}`,
    ])(),
}

/** American Express prints 4, 6 and 5 digits. */
function groupedCard(number: string, separator: string): string {
  if (number.length !== 15) return grouped(number, 4, separator)
  return [number.slice(0, 4), number.slice(4, 10), number.slice(10)].join(separator)
}

function grouped(text: string, size: number, separator: string): string {
  return (text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(separator)
}

export function positives(): readonly Sample[] {
  const draw = createDraw(SEED)
  const made = Object.entries(MADE).flatMap(([entity, make]) =>
    Array.from({ length: EACH }, () => placed(draw.pick(SURROUNDINGS), entity, make(draw))),
  )
  return [...made, ...fromRules(draw)]
}

/** Examples of the rules bring their own context; the value is what the example holds, wherever it is put. */
function fromRules(draw: Draw): readonly Sample[] {
  return examples('positive')
    .filter(({ entity }) => MADE[entity] === undefined)
    .flatMap(({ entity, text }) => {
      const outer = draw.pick(['{}', 'Note: {} .', 'Line one.\n{}\nLine three.', '- {}'])
      const start = outer.indexOf('{}')
      const value = { entity, start, end: start + text.length, isExact: false }
      return [{ text: outer.replace('{}', () => text), values: [value] }]
    })
}

interface Example {
  readonly entity: string
  readonly text: string
}

function examples(side: 'positive' | 'negative'): readonly Example[] {
  return shippedPacks().flatMap((pack) => {
    return listAt(pack, 'rules').flatMap((rule) => {
      const entity = String(valueAt(rule, 'entity'))
      const texts = listAt(rule, 'examples', side)
      return texts.map((text) => ({ entity, text: String(text).replaceAll('{{}}', '') }))
    })
  })
}

const LOOK_ALIKES: readonly ((draw: Draw) => string)[] = [
  (draw) => groupedCard(wrongLast(cardNumber(draw)), draw.pick(['', ' ', '-'])),
  (draw) => grouped(wrongLast(bankNumber(draw)), 4, draw.pick(['', ' '])),
  (draw) => `000-${draw.digits(2)}-${draw.digits(4)}`,
  (draw) => `v${draw.below(20)}.${draw.below(40)}.${draw.below(90)}`,
  (draw) => `${draw.hex(8)}-${draw.hex(4)}-4${draw.hex(3)}-a${draw.hex(3)}-${draw.hex(12)}`,
  (draw) => draw.hex(40),
  (draw) => `sha256:${draw.hex(64)}`,
  (draw) => `20${draw.below(9)}${draw.below(9)}-0${1 + draw.below(8)}-1${draw.below(9)}T11:34:35Z`,
  (draw) => `order ${draw.digits(9)}`,
  (draw) => `OPS-${draw.digits(5)}`,
  (draw) => `items[${draw.below(99)}].total = ${draw.below(9999)}.${draw.digits(2)}`,
  () => '@Override public void run() { }',
  () => 'npm install @types/node@24.1.0 --save-dev',
  () => 'git clone git@example:team/repo.git',
  (draw) => `timeoutMs: ${draw.digits(5)}, retries: ${draw.below(9)}`,
  () => 'password = os.environ["DB_PASSWORD"]',
  () => 'api_key: ${OPENAI_API_KEY}',
  () => 'token = "<your token here>"',
  (draw) => `0x${draw.hex(8)}`,
  (draw) =>
    `${draw.digits(3)}/${draw.digits(3)} tests passed in ${draw.digits(2)}.${draw.digits(3)}s`,
]

function wrongLast(number: string): string {
  const last = Number(number.at(-1))
  return number.slice(0, -1) + String((last + 1) % 10)
}

export function negatives(): readonly Sample[] {
  const draw = createDraw(SEED + 1)
  return LOOK_ALIKES.flatMap((make) =>
    Array.from({ length: EACH / 4 }, () => ({
      text: draw.pick(SURROUNDINGS).replace('{}', () => make(draw)),
      values: [],
    })),
  )
}
