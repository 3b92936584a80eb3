/** Checks on texts rather than numbers: randomness, placeholders, tokens, addresses. */
import { digitsOf, isDate } from './checksums.ts'
import { isCountryCode } from './payment.ts'

/** Shannon entropy in bits per character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

const PLACEHOLDER_SIGN =
  /^[$%<{[*@]|\$\{|\{\{|^(?:\.{3}|-{3})|x{6,}|\*{3,}|0{10,}|EXAMPLE(?:KEY)?$/i
/** Somebody typed these; a long text that has them besides others may still be a key. */
const SEQUENCE = /1234567890|abcdefghij/i
const SEQUENCE_LENGTH_MAX = 24
const PLACEHOLDER_PART =
  /(?:^|[_.-])(?:example|placeholder|changeme|redacted|your|insert|replace)(?:[_.-]|$)/i
/** Code that reads a value, such as `config.credentials.apiKey`. */
const PROPERTY =
  /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$]+)+$|^(?:this|self|process|config|options|opts|params|args|req|request|ctx|settings)\.[\w$.]+$/
/** A value made of nothing but these words names a value and is none. */
const NAMING_WORDS = new Set(
  'your my the some a an insert enter replace change me changeme example sample dummy fake test testing todo none null nil undefined true false process os env environ environment config secret secrets password passwd pass string str value placeholder redacted masked hidden get read api key keys apikey token tokens here from id name user username auth access client default foo bar baz var variable settings self this request req res response data input params args options field form body header headers type number int bool required optional is not empty new old with for of to in and or public private generate create random hash encrypt decode encode base64 file path url uri host function return const let async prompt getenv'.split(
    ' ',
  ),
)

/** False for texts that stand for a value: `your_api_key`, `xxxxxxxx`, `${VAR}`, `<token>`, `getApiKey`. */
export function isNotPlaceholder(text: string): boolean {
  if (PLACEHOLDER_SIGN.test(text) || PLACEHOLDER_PART.test(text) || PROPERTY.test(text))
    return false
  if (isCodeName(text) || (text.length <= SEQUENCE_LENGTH_MAX && SEQUENCE.test(text))) return false
  const words = text
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  return words.some((word) => !NAMING_WORDS.has(word))
}

/** `anthropic.usage.input_tokens`, `resolveVercelAgent`, `/v1/oauth/token`: words of some length, as code names things. */
function isCodeName(text: string): boolean {
  if (!/^[\w./]+$/.test(text)) return false
  const words = text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[_./ ]+/)
    .filter((word) => word !== '')
  const named = words.filter((word) => /^(?:[A-Z]?[a-z]+|[A-Z]{2,})$/.test(word))
  const others = words.filter((word) => !named.includes(word))
  const letters = named.reduce((sum, word) => sum + word.length, 0)
  // A random text falls apart into pieces of one or two letters.
  return (
    named.length >= 2 &&
    others.every((word) => /^(?:v?\d{1,3}|\d[a-z]|[A-Z]?\d?[A-Z]?)$/i.test(word)) &&
    others.length <= named.length &&
    letters >= 10 &&
    letters / named.length >= 4
  )
}

/** The commonest pairs of letters in English text: about two thirds of all pairs, but a tenth of random ones. */
const COMMON_PAIRS = new Set(
  'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl'.split(
    ' ',
  ),
)
const CONSTANT = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/
const PATH = /^[.~]{0,2}(?:\/[a-z][a-z0-9_.-]*){2,}$/
const PAIRS_MIN = 6
const COMMON_SHARE_MAX = 0.55

/** False for what is made of words, such as `round1Secret`, `settings.theme.v2` or `/etc/ssl/key1.pem`. */
export function isNotWords(text: string): boolean {
  const runs = text.toLowerCase().match(/[a-z]{2,}/g) ?? []
  const pairs = runs.flatMap((run) => Array.from(run.slice(1), (char, i) => run.charAt(i) + char))
  const common = pairs.filter((pair) => COMMON_PAIRS.has(pair)).length
  if (text.includes('://') || PATH.test(text) || CONSTANT.test(text)) return false
  if (/^[0-9a-f-]+$/i.test(text)) return true
  return pairs.length < PAIRS_MIN || common / pairs.length <= COMMON_SHARE_MAX
}

/** False for a UUID (RFC 9562): what names a thing, such as a cache or a row. Keys of that form have rules of their own. */
export function isNotUuid(text: string): boolean {
  return !/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)
}

/** False when a few characters make up the whole: `xxxxxxxx`, `0000…`, `abababab`. */
export function isVaried(text: string): boolean {
  return new Set(text.toLowerCase()).size >= Math.min(5, Math.ceil(text.length / 3))
}

/** Letters and digits both occur. */
export function isMixed(text: string): boolean {
  return /\d/.test(text) && /[A-Za-z]/.test(text)
}

/** As mixed; or letters that change between the cases as no name does; or both cases with a sign between them. */
export function isJumbled(text: string): boolean {
  if (isMixed(text)) return !/^[A-Z]{2,6}\d{1,2}$/.test(text)
  if (!/[a-z]/.test(text) || !/[A-Z]/.test(text)) return false
  if (/[A-Za-z][!@#$%^?~][!-~]/.test(text)) return true
  // A name falls apart into words of three letters and more; `Id` and the like come one at a time.
  const words = text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []
  const short = words.filter((word) => word.length <= 2).length
  return text.length >= 8 && short >= 2 && words.length > text.length / 3.5 && isNotWords(text)
}

/** True for what a rule for passwords would take: three of lower case, upper case, digits and signs. */
export function isStrong(text: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/]
  return /\d/.test(text) && kinds.filter((kind) => kind.test(text)).length >= 3
}

/** RFC 7519: the header decodes to a JSON object that names an algorithm or type. */
export function isJwt(text: string): boolean {
  const header = decodeBase64(text.slice(0, text.indexOf('.')))
  return header !== null && /^\{\s*"/.test(header) && /"(?:alg|typ|enc|kid|cty)"\s*:/.test(header)
}

/** RFC 7617: a user name, a colon and a password in printable characters. */
export function isBasicAuth(text: string): boolean {
  // Many services take a key as the user and no password.
  return /^(?:[\x20-\x7e]{0,64}:[\x20-\x7e]{1,128}|[\x21-\x7e]{4,128}:)$/.test(
    decodeBase64(text) ?? '',
  )
}

/** Base64 of either alphabet as Latin-1 text; null when it is none. */
export function decodeBase64(text: string): string | null {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  if (plain.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(plain)) return null
  return atob(plain)
}

/** Names that end like a host but are files. */
const FILE_ENDINGS = new Set(
  'js ts jsx tsx mjs cjs css scss less html htm json yaml yml toml xml txt log csv pdf png jpg jpeg gif svg webp ico exe dll so dylib jar class java rb php cpp hpp lock ini cfg conf bak tmp zip tar gz tgz mp3 mp4 woff woff2 ttf'.split(
    ' ',
  ),
)
const GENERIC_TLD = new Set(
  'com org net edu gov mil int info biz name pro aero coop museum mobi asia tel travel jobs cat post xxx app dev page cloud online site store shop tech blog news media agency company email group global world work works team club live life today space website digital network systems solutions services support software studio design art photo photos video music games game fun link click one xyz top vip win bid ltd inc llc gmbh bank insure finance financial money fund capital cash credit loan tax law legal health care clinic dental doctor hospital pharmacy fitness academy school university college education institute science engineering energy green eco bio farm garden house homes estate land city town berlin london paris nyc tokyo amsterdam wien hamburg koeln swiss scot wales cymru irish quebec africa kiwi tokyo google amazon apple microsoft aws example test invalid localhost local internal corp lan home'.split(
    ' ',
  ),
)

/** RFC 5321 limits, no dots in a row, a top-level domain that exists and is not a file ending. */
export function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  const domain = text.slice(at + 1)
  if (
    // An address of a repository over SSH, not of a person.
    local === 'git' ||
    local.length > 64 ||
    domain.length > 253 ||
    local.startsWith('.') ||
    local.endsWith('.') ||
    text.includes('..')
  )
    return false
  const labels = domain.split('.')
  const tld = (labels.at(-1) ?? '').toLowerCase()
  if (labels.length < 2) return false
  if (
    labels.some(
      (label) => label === '' || label.length > 63 || label.startsWith('-') || label.endsWith('-'),
    )
  )
    return false
  if (tld.startsWith('xn--')) return true
  if (isCountryCode(tld) || ['uk', 'eu', 'su', 'ac'].includes(tld)) return true
  return !FILE_ENDINGS.has(tld) && (GENERIC_TLD.has(tld) || (tld.length >= 3 && tld.length <= 18))
}

/** Four bytes, none with a leading zero; not a netmask or the unspecified address. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.')
  if (
    parts.length !== 4 ||
    parts.some((part) => !/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)
  )
    return false
  return !/^(?:0\.|127\.0\.0\.1$|255\.)/.test(text)
}

/** RFC 4291: eight groups or one `::`; clock times are no addresses. */
export function isIpv6(text: string): boolean {
  const value = text.split('%')[0] ?? ''
  const halves = value.split('::')
  if (halves.length > 2 || value === '::' || value === '::1') return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (groups.some((group) => !/^[0-9A-Fa-f]{1,4}$/.test(group))) return false
  if (halves.length === 2)
    return groups.length >= 2 && groups.length <= 7 && /[0-9]/.test(value) && value.length >= 6
  return groups.length === 8
}

/** Six bytes, not all equal, not broadcast. */
export function isMac(text: string): boolean {
  const digits = text.replaceAll(/[^0-9A-Fa-f]/g, '').toLowerCase()
  return digits.length === 12 && new Set(digits).size > 1
}

/** Country calling codes of one to three digits (ITU-T E.164). */
const CALLING_CODES = new Set(
  '1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853 855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 992 993 994 995 996 998'.split(
    ' ',
  ),
)

/** E.164: a calling code that exists and eight to fifteen digits, not all alike. */
export function isInternationalPhone(text: string): boolean {
  const digits = digitsOf(text).join('').replace(/^00/, '')
  if (digits.length < 8 || digits.length > 15 || new Set(digits).size < 3) return false
  return [1, 2, 3].some((length) => CALLING_CODES.has(digits.slice(0, length)))
}

/** North American Numbering Plan: area and exchange begin with 2 to 9, no N11, not 555-01xx alone. */
export function isNanpPhone(text: string): boolean {
  const digits = digitsOf(text)
    .join('')
    .replace(/^1(?=\d{10}$)/, '')
  return /^[2-9](?!11)\d{2}[2-9](?!11)\d{6}$/.test(digits) && new Set(digits).size > 2
}

/** A day that exists, year first, day first or month first. */
export function isBirthDate(text: string): boolean {
  const parts = text.split(/[-/. ]/).map(Number)
  const [a = 0, b = 0, c = 0] = parts
  if (parts.length !== 3) return false
  const [year, first, second] = a > 31 ? [a, b, c] : [c, a, b]
  return year >= 1900 && year < 2100 && (isDate(year, first, second) || isDate(year, second, first))
}

/** ISO 3779: check digit in place nine by weights; the letters I, O and Q are not used. */
export function isVin(text: string): boolean {
  const value = text.toUpperCase()
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(value) || !isMixed(value)) return false
  // Letters count 1 to 9 by their place in the alphabet, with gaps at I, O and Q (ISO 3779).
  const letters = '12345678 12345 7 923456789'
  const transliterated = Array.from(value, (char) =>
    Number(char <= '9' ? char : letters.charAt(char.charCodeAt(0) - 65)),
  )
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
  const rest = weights.reduce((sum, weight, i) => sum + weight * (transliterated[i] ?? 0), 0) % 11
  return value.charAt(8) === (rest === 10 ? 'X' : String(rest))
}
