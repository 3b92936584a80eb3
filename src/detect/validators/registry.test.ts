import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { digitsOf, luhn, verhoeff } from './checksums.ts'
import { findValidator, validatorNames } from './registry.ts'
import { sha256 } from './sha256.ts'

/** Published samples and generated numbers; the refused ones differ in a digit or break a rule. */
const cases: Readonly<
  Record<string, readonly [accepted: readonly string[], refused: readonly string[]]>
> = {
  card: [
    [
      '4111111111111111',
      '5555 5555 5555 4444',
      '378282246310005',
      '6011-0009-9013-9424',
      '30569309025904',
      '3530111333300000',
    ],
    ['4111111111111112', '0000000000000000', '9999999999999995', '411111111111111'],
  ],
  iban: [
    [
      'DE89370400440532013000',
      'GB82 WEST 1234 5698 7654 32',
      'fr1420041010050500013m02606',
      'NO9386011117947',
    ],
    ['DE89370400440532013001', 'DE8937040044053201300', 'XX89370400440532013000'],
  ],
  aba: [
    ['021000021', '011401533'],
    ['021000022', '000000000', '990000008'],
  ],
  swift: [
    ['DEUTDEFF', 'NEDSZAJJXXX'],
    ['DEUTXXFF', 'DEUTDEF', 'deutdeff'],
  ],
  lei: [['5493001KJTIIGC8Y1R12'], ['5493001KJTIIGC8Y1R13', '5493001KJTIIGC8Y1R1']],
  nhs: [
    ['943 476 5919', '9434765919'],
    ['943 476 5918', '0000000000', '94347659'],
  ],
  npi: [['1234567893'], ['1234567894', '3234567893']],
  mbi: [
    ['1EG4-TE5-MK73', '1EG4TE5MK73'],
    ['1SG4TE5MK73', '0EG4TE5MK73', '1EG4TE5MK7'],
  ],
  dea: [
    ['AB1234563', 'BB1388568'],
    ['AB1234564', '121234563', 'IB1234563'],
  ],
  base58check: [
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', '0A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', '1111'],
  ],
  bech32: [
    [
      'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
      'BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ',
      'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
    ],
    [
      'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp',
      'bc1Qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
      'bc1',
    ],
  ],
  email: [
    [
      'a@example.com',
      'a.b+c@x.example.co.uk',
      'joe@example.museum',
      "john.o'neil@example.io",
      'a@example.ai',
    ],
    [
      'a@example',
      'logo@2x.png',
      '.a@example.com',
      'a..b@example.com',
      'a@-x.com',
      `${'a'.repeat(65)}@example.com`,
    ],
  ],
  ipv4: [
    ['203.0.113.7', '8.8.8.8'],
    ['256.1.1.1', '01.2.3.4', '1.2.3', '127.0.0.1', '0.0.0.0', '255.255.255.0'],
  ],
  ipv6: [
    ['2001:db8::8a2e:370:7334', '2001:db8:0:0:0:0:2:1', 'fe80::1ff:fe23:4567:890a%eth0'],
    ['11:34:35', '::1', '1::2::3', '2001:db8:0:0:0:0:2', 'dead::gggg'],
  ],
  mac: [['00:1A:2B:3C:4D:5E'], ['00:00:00:00:00:00', '00:1A:2B:3C:4D']],
  'phone-international': [
    ['+44 20 7946 0958', '0049 30 901820'],
    ['+999 1234567', '+1 111 111 1111', '+4412'],
  ],
  'phone-nanp': [
    ['(202) 555-0143', '1-415-555-2671'],
    ['(111) 555-0143', '202-155-0143', '911-555-0143', '222-222-2222'],
  ],
  'birth-date': [
    ['1980-02-29', '31.12.1975', '12/31/1975'],
    ['1981-02-29', '1980-13-13', '31.31.1975', '2150-01-01'],
  ],
  vin: [
    ['1HGCM82633A004352', '1M8GDM9AXKP042788'],
    ['1HGCM82633A004353', '1HGCM82633A00435', '1HGCM8263IA004352'],
  ],
  jwt: [['eyJhbGciOiJIUzI1NiJ9.e30.'], ['eyJub3Qi.e30.', 'abc.def.', '..']],
  'basic-auth': [['ZGVtbzpwYXNz'], ['bm9jb2xvbg==', '????']],
  'not-placeholder': [
    [
      'hunter2',
      'Fa4Ke7Demo9Key2',
      'correct-horse',
      'correct-horse-battery-staple',
      'Sommer2024Berlin',
      'P4ssw0rd_of_doom',
      'fa4ke7demo9key2qw8zx3',
    ],
    [
      'your_api_key',
      'xxxxxxxxxx',
      '${SECRET}',
      '<token>',
      'getApiKey',
      'process.env.API_KEY',
      'changeme',
      'my-secret-key',
      'tslib_1.__importStar',
      'sk-your-key-here',
      'anthropic.usage.cache_creation.ephemeral_1h_input_tokens',
      'imdsV2SessionTokenUrl',
      'resolveVercelAgentType',
      '/v1/oauth/token',
    ],
  ],
  varied: [
    ['abcdefgh', 'hunter2'],
    ['aaaaaaaaaaaa', '000000000001', 'abababababababab'],
  ],
  mixed: [['a1'], ['abc', '123']],
  jumbled: [
    ['a1', 'vciQpwZkuIbC', 'Blue$moon'],
    ['abc', '123', 'userKeySalt', 'kdfInputToBytes', 'Welcome!', 'BetaOrganizationLevelScopedKey'],
  ],
  'not-words': [
    [
      'q7Xk2vLm9TzP4wRb',
      'deadbeefdeadbeefdeadbeef',
      '3fa85f64-5717-4562-b3fc-2c963f66afa6',
      'ab12',
    ],
    ['round1SecretValue', 'settings.theme.v2', '/etc/ssl/key1.pem', 'https://x9.kq/z7'],
  ],
  'not-uuid': [
    ['3fa85f64571745 62b3fc2c963f66afa6', '3fa85f64-5717-4562-b3fc-2c963f66afa6x'],
    ['3fa85f64-5717-4562-b3fc-2c963f66afa6', '0199F3A2-11D0-7A33-8A52-2D9C4E7B6F01'],
  ],
  strong: [
    ['Winter!2026', 'aB3', 'a-1'],
    ['winter2026', 'WINTER!', 'aB!', '12345'],
  ],
  'entropy:3': [['abcdefghij'], ['aaaaabbbbb']],
  luhn: [['490154203237518'], ['490154203237519']],
  'us-ssn': [
    ['536-22-1234'],
    ['000-22-1234', '666-22-1234', '900-22-1234', '536-00-1234', '536-22-0000', '078-05-1120'],
  ],
  'us-itin': [
    ['912-70-1234', '912-50-1234'],
    ['912-69-1234', '812-70-1234', '912-93-1234'],
  ],
  'ca-sin': [['130 692 544'], ['130 692 545', '000 000 000', '046 454 286']],
  'au-tfn': [['123 456 782'], ['123 456 783']],
  'au-abn': [['51 824 753 556'], ['51 824 753 557']],
  'au-acn': [['004 085 616'], ['004 085 617']],
  'au-medicare': [['2123 45670 1'], ['2123 45671 1', '7123 45670 1']],
  'br-cpf': [['111.444.777-35'], ['111.444.777-36', '111.111.111-11']],
  'br-cnpj': [['11.222.333/0001-81'], ['11.222.333/0001-82']],
  'br-pis': [['120.56874.10-7'], ['120.56874.10-8']],
  'in-aadhaar': [['2341 2341 2346'], ['2341 2341 2347', '1341 2341 2346']],
  'in-pan': [['ABCPE1234F'], ['ABCXE1234F', 'ABCPE12345']],
  'in-gstin': [['27AAPFU0939F1ZV'], ['27AAPFU0939F1ZW']],
  'sg-nric': [
    ['S1234567D', 'F1234567N'],
    ['S1234567A', 'X1234567D'],
  ],
  'kr-rrn': [['900101-1234568'], ['900101-1234567', '901301-1234568']],
  'jp-my-number': [['1234 5678 9018'], ['1234 5678 9019']],
  'cn-resident-id': [['11010519491231002X'], ['110105194912310021', '11010519491331002X']],
  'tw-national-id': [['A123456789'], ['A123456788', 'A323456789']],
  'hk-id': [['A123456(3)'], ['A123456(4)']],
  'za-id': [['8001015009087'], ['8001015009088', '8013015009087']],
  'il-id': [['123456782'], ['123456783']],
  'th-id': [['1101700230708'], ['1101700230709']],
  'mx-curp': [['HEGG560427MVZRRL04'], ['HEGG560427MVZRRL05', 'HEGG561327MVZRRL04']],
  'cl-rut': [['12.345.678-5'], ['12.345.678-6', '11.111.111-1']],
  'ar-cuit': [['20-12345678-6'], ['20-12345678-7', '99-12345678-6']],
  'my-kad': [['900101-14-5678'], ['901301-14-5678', '900101-17-5678']],
  'uk-nino': [
    ['AB 12 34 56 C', 'JG103759A'],
    ['BG123456C', 'AB123456E', 'QQ123456C'],
  ],
  'de-tax-id': [
    ['65 929 970 489', '86095742719'],
    ['65 929 970 488', '01234567890', '11111111111'],
  ],
  'de-social-security': [
    ['65180539W001', '15 070649 C 103'],
    ['15 070649 C 104', '15 071349 C 103'],
  ],
  'es-nif': [
    ['12345678Z', 'X1234567L'],
    ['12345678A', 'X1234567A'],
  ],
  'it-fiscal-code': [['RSSMRA85T10A562S'], ['RSSMRA85T10A562T', 'RSSMRA85Z10A562S']],
  'it-vat': [['00743110157'], ['00743110158', '00000000000']],
  'fr-nir': [['2 55 08 14 168 025 38'], ['2 55 08 14 168 025 39', '9 55 08 14 168 025 38']],
  'nl-bsn': [['111222333'], ['111222334', '000000000']],
  'be-national-number': [['85.07.30-033.28'], ['85.07.30-033.29', '85.13.30-033.28']],
  'pl-pesel': [['44051401359'], ['44051401358', '44131401359']],
  'pl-nip': [['526-000-12-46', '1234563218'], ['1234563219']],
  'se-personnummer': [
    ['811218-9876', '19811218-9876'],
    ['811218-9877', '811318-9876'],
  ],
  'no-fodselsnummer': [
    ['01010750160', '29029600013'],
    ['29029600014', '31029600013'],
  ],
  'dk-cpr': [['211062-5629'], ['321062-5629', '211362-5629']],
  'fi-hetu': [['131052-308T'], ['131052-308U', '331052-308T']],
  'pt-nif': [['123456789'], ['123456788', '423456789']],
  'ro-cnp': [['1800101221144'], ['1800101221145', '1801301221144']],
  'bg-egn': [['7523169263'], ['7523169264']],
  'cz-birth-number': [
    ['736028/5163', '780123/3540'],
    ['780123/3541', '781323/3540'],
  ],
  'baltic-personal-code': [
    ['37605030299', '33309240064'],
    ['37605030298', '97605030299'],
  ],
  'hr-oib': [['94577403194'], ['94577403195']],
  'ch-ahv': [['756.9217.0769.85'], ['756.9217.0769.84', '757.9217.0769.85']],
  'at-social-security': [['1237 010180'], ['1238 010180']],
  'ie-pps': [
    ['1234567T', '1234567FA'],
    ['1234567A', '1234567FB'],
  ],
  'gr-amka': [['01013099997'], ['01013099998', '32013099997']],
  'tr-identity': [['10000000146'], ['10000000147', '00000000146']],
}

for (const [name, [accepted, refused]] of Object.entries(cases)) {
  test(`The validator ${name} accepts what is valid and refuses what is not`, () => {
    const validate = findValidator(name)
    assert.ok(validate !== null)
    for (const text of accepted) assert.equal(validate(text), true, text)
    for (const text of refused) assert.equal(validate(text), false, text)
  })
}

test('Every validator is tested here', () => {
  const tested = new Set(Object.keys(cases).map((name) => name.replace(/:.*/, ':N')))
  assert.deepEqual(
    validatorNames().filter((name) => !tested.has(name)),
    [],
  )
})

test('An unknown validator is not found', () => {
  for (const name of ['magic', 'entropy', 'entropy:x', '']) assert.equal(findValidator(name), null)
})

test('No validator throws on any text', () => {
  const all = Object.keys(cases).flatMap((name) => findValidator(name) ?? [])
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      all.every((validate) => typeof validate(text) === 'boolean'),
    ),
  )
})

test('Luhn and Verhoeff notice every single wrong digit', () => {
  for (const [text, check] of [
    ['4111111111111111', luhn],
    ['234123412346', verhoeff],
  ] as const) {
    const digits = digitsOf(text)
    assert.ok(check(digits))
    for (let i = 0; i < digits.length; i += 1) {
      for (let by = 1; by < 10; by += 1)
        assert.ok(!check(digits.with(i, ((digits[i] ?? 0) + by) % 10)))
    }
  }
})

test('SHA-256 agrees with the platform', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.deepEqual(Buffer.from(sha256(bytes)), createHash('sha256').update(bytes).digest())
    }),
  )
})
