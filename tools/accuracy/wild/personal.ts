/** E-mail addresses, cards, IBANs and social security numbers as people and systems write them, and what looks like them. */
import type { Draw } from '../values.ts'
import { cardOf, ibanOf } from './numbers.ts'

export interface PersonalShape {
  readonly entity: string
  readonly values: (draw: Draw) => string
  /** `{}` is the value. */
  readonly texts: readonly string[]
}

const FIRST = 'anna james maría li noah fatima john-paul o.brien d_smith ivan2 k'.split(' ')
const HOSTS =
  'gmail.com yahoo.co.uk web.de outlook.com mail.ru qq.com acme.io uni-bonn.de nhs.net army.mil startup.ai corp.example.museum smith-jones.biz x.org firma.com.br'.split(
    ' ',
  )

function address(draw: Draw): string {
  const name = draw.pick(FIRST).replaceAll('í', 'i')
  const tail = draw.pick(['', `.${draw.pick(['doe', 'miller', 'wang'])}`, `+news`, draw.digits(2)])
  return `${name}${tail}@${draw.pick(HOSTS)}`
}

function ssn(draw: Draw): string {
  const area = draw.pick([100 + draw.below(560), 667 + draw.below(232)])
  return `${area}-${String(1 + draw.below(99)).padStart(2, '0')}-${String(1 + draw.below(9999)).padStart(4, '0')}`
}

/** How a card is printed, typed or stored. */
function card(draw: Draw): string {
  const number = cardOf(draw)
  const separator = draw.pick(['', '', ' ', '-'])
  if (number.length === 15)
    return [number.slice(0, 4), number.slice(4, 10), number.slice(10)].join(separator)
  if (number.length !== 16) return number
  return (number.match(/.{4}/g) ?? []).join(separator)
}

function iban(draw: Draw): string {
  const number = ibanOf(draw)
  const spaced = (number.match(/.{1,4}/g) ?? []).join(' ')
  return draw.pick([number, spaced, number, number.toLowerCase()])
}

export const PERSONAL: readonly PersonalShape[] = [
  {
    entity: 'EMAIL_ADDRESS',
    values: address,
    texts: [
      'Write to {} please',
      'my email is {}.',
      'From: Jane <{}>\nTo: x',
      '<a href="mailto:{}?subject=Hi">mail</a>',
      '"email":"{}","age":31',
      "INSERT INTO u VALUES (1,'{}','x');",
      'id,email,city\n7,{},Rome',
      'user={} logged in from 10.0.0.1',
      'git commit --author="A <{}>"',
      'EMAIL;TYPE=WORK:{}\nEND:VCARD',
      'contact ({}), or call',
      'login:{};role:admin',
      'https://x.example.com/u?email={}&x=1',
      'To:{},cc:none',
      '@jane please add {} to the list!',
      '{\\"mail\\":\\"{}\\"}',
      "const to = ['{}']",
      '| {} | owner |',
      'jane’s address:{}',
      'user_email: {}\n',
    ],
  },
  {
    entity: 'CREDIT_CARD',
    values: card,
    texts: [
      'my card is {} exp 04/29',
      'Card number: {}',
      'charge {} for 20 EUR',
      'CC:{}',
      '{"pan":"{}","cvv":"123"}',
      '"card_number": "{}",',
      "INSERT INTO cards VALUES (3, '{}');",
      'name,card\nAnna,{}\n',
      'Visa ending? full is {}, thanks',
      '{}',
      '<input name="cc" value="{}">',
      'cardNumber={}&exp=0429',
      'I lost my credit card ({}).',
      'pan={};exp=2904',
      'POS> {} APPROVED',
      'Kreditkarte {} sperren',
      'Please update my payment method to {}',
      '4 items, paid with {} yesterday',
      "customer.card = '{}'",
      'numéro de carte : {}',
    ],
  },
  {
    entity: 'IBAN_CODE',
    values: iban,
    texts: [
      'My IBAN is {}',
      'IBAN: {}, BIC: COBADEFFXXX',
      'transfer to {} by Friday',
      '{"iban":"{}"}',
      'konto {} gehört mir',
      'name;iban\nAnna;{}\n',
      '<IBAN>{}</IBAN>',
      'Empfänger Max, {}, 100 EUR',
      '({})',
      'acct={}',
      'Bitte auf {} überweisen.',
      '{}',
      'account number {} (Euro)',
      "iban = '{}'",
      '| {} | main |',
    ],
  },
  {
    entity: 'US_SSN',
    values: ssn,
    texts: [
      'My SSN is {}.',
      'SSN: {}',
      'social security number {}',
      '"ssn": "{}",',
      'name,ssn\nAnna,{}\n',
      'ssn={}',
      'Patient John Miller, {}, admitted',
      '({})',
      'his social is {} I think',
      "INSERT INTO p VALUES ('{}');",
      '{}',
      'Tax form for {} attached',
      '<ssn>{}</ssn>',
      'employee: Anna, id {}, dept 4',
      '| Anna | {} |',
    ],
  },
]

/** What looks like one of these and is none. */
export const LOOK_ALIKES: Readonly<Record<string, (draw: Draw) => string>> = {
  'ssh remote': () => 'git clone git@github.com:acme/app.git && ssh root@db01',
  'npm package': (d) => `npm i @acme/core@${d.below(9)}.${d.below(20)}.1 left-pad@1.3.0`,
  'retina image': (d) => `background: url("img/logo-${d.digits(3)}@2x.png")`,
  decorator: () => '@app.route("/x")\n@Override\n@media (min-width: 10px)',
  'go module': (d) => `go get github.com/acme/x@v1.${d.digits(2)}.0`,
  'user at host': (d) => `jane@build-${d.digits(2)}:~$ ls`,
  'docker digest': (d) => `FROM node@sha256:${d.hex(64)}`,
  'action pin': (d) => `uses: actions/checkout@${d.hex(40)}`,
  'unix milliseconds': (d) => `ts=17${d.digits(11)} dur=12`,
  'order number': (d) => `order ${d.digits(12)} shipped`,
  'snowflake id': (d) => `channel 1${d.digits(18)} guild`,
  'timestamp run': (d) => `backup-2026${d.digits(10)}.tar.gz`,
  'tracking number': (d) => `1Z${d.digits(16)} is on the way`,
  isbn: (d) => `ISBN 978-3-16-${d.digits(6)}-0`,
  ean: (d) => `EAN 40${d.digits(11)}`,
  float: (d) => `loss=0.${d.digits(16)} lr=3e-4`,
  'big number': (d) => `const MAX = ${d.digits(15)}n`,
  'hex id': (d) => `id: ${d.hex(24)}`,
  'part number': (d) => `part ${d.digits(3)}-${d.digits(3)}-${d.digits(4)}-${d.digits(2)}`,
  'date range': () => 'from 2026-10-01 to 2026-11-30, 10:30-11:45',
  'zip plus four': (d) => `Springfield, IL 62701-${d.digits(4)}`,
  'iban word': () => 'DE89 is the first part, GB82 the second; see ISO13616',
  'licence key words': () => 'BE70 MODEL SPEC SHEET',
  version: (d) => `chrome/14${d.digits(1)}.0.${d.digits(4)}.${d.digits(2)} Safari/537.36`,
  coordinates: (d) => `52.${d.digits(6)}, 13.${d.digits(6)}`,
}
