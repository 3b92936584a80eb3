import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestEvidence, temporaryFolder } from '../../../test/harness/evidence.ts'
import { leak, recordSent, tracingOf } from '../../../test/harness/traced.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const CODE = Array.from(
  { length: 12 },
  (_, n) => `    const value${n} = compute(${n * 7}, "zorblatt${n}") // step ${n}`,
)
const ARABIC =
  'اجتمع المجلس يوم الثلاثاء في مدينة القاهرة لمناقشة ميزانية العام المقبل وقرر الأعضاء بالإجماع زيادة الإنفاق على التعليم والصحة والبنية التحتية في جميع المحافظات'
const HEBREW =
  'הדירקטוריון אישר ביום שלישי את המיזוג עם החברה השנייה במחיר של ארבעים ואחת נקודה שבע שקלים למניה ואיש לא ידבר על כך לפני אישור הרשות המוסמכת בירושלים'
const quoted = `he said "${leak(6)}" and\nwent`
const wide = (text: string): string =>
  text.replaceAll(/[a-z0-9]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
const bold = (text: string): string =>
  text.replaceAll(/[a-z]/g, (sign) => String.fromCodePoint(0x1d41a + sign.charCodeAt(0) - 97))

/** What was recorded, and what is pasted of it. */
const REWRAPPED: readonly (readonly [name: string, recorded: string, pasted: string])[] = [
  ['zero-width signs in what is pasted', leak(1), Array.from(leak(1)).join('\u200b')],
  ['zero-width signs in the record', Array.from(leak(2)).join('\u200d'), leak(2)],
  ['soft hyphens and overrides', leak(3).replaceAll(' ', '\u00ad\u202e '), leak(3)],
  ['Arabic, with vowel signs', ARABIC, ARABIC.replaceAll('ا', 'ا\u064b')],
  ['Hebrew, embedded', HEBREW, `\u202b${HEBREW}\u202c`],
  ['base64 in base64', base64(`x ${base64(leak(4))} y`), leak(4)],
  ['what is pasted is base64', leak(5), base64(base64(leak(5)))],
  ['JSON in JSON', quoted, JSON.stringify(JSON.stringify(quoted))],
  ['a record of JSON in JSON', JSON.stringify({ a: JSON.stringify({ b: leak(7) }) }), leak(7)],
  ['numbered lines', CODE.join('\n'), CODE.map((line, n) => `${n + 1}: ${line}`).join('\n')],
  ['a patch', CODE.join('\n'), CODE.map((line) => `+${line}`).join('\n')],
  ['a page', `<p>${leak(8).replaceAll(' ', '&nbsp;')}</p>`, leak(8)],
  ['wide letters', wide(leak(9)), leak(9)],
  ['mathematical letters', leak(10), bold(leak(10))],
]

/** Nothing in them was ever recorded. */
const ODD: readonly (readonly [name: string, pasted: string])[] = [
  ['one letter', 'a'.repeat(100_000)],
  ['ten megabytes of one letter', 'b'.repeat(10_000_000)],
  ['ten megabytes of base64', 'QUJD'.repeat(2_500_000)],
  ['backslashes', '\\'.repeat(1_000_000)],
  ['signs of mail', '@a.b'.repeat(100_000)],
  ['digits', '1'.repeat(1_000_000)],
  ['emoji', '\u{1f600}'.repeat(50_000)],
  ['half characters', '\ud800'.repeat(1000)],
  ['nothing that is seen', '\0\u200b'.repeat(1000)],
  ['marks on one letter', `a${'\u0301'.repeat(100_000)}`],
  ['letters that decompose into many', '\ufdfa'.repeat(20_000)],
]

test('a text is found however it was wrapped, and what is pasted may be anything', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const ids: string[] = []
  for (const [, request] of REWRAPPED) ids.push(await recordSent(to, { request }))
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  await tracing.catchUp(() => false)
  for (const [n, [name, , pasted]] of REWRAPPED.entries()) {
    const { exposures } = await tracing.tracer.trace(pasted)
    assert.ok(
      exposures.some(({ row }) => row.id === ids[n]),
      name,
    )
  }
  for (const [name, pasted] of ODD) {
    const { exposures, unconfirmed } = await tracing.tracer.trace(pasted)
    assert.deepEqual([exposures.length, unconfirmed], [0, 0], name)
  }
})
