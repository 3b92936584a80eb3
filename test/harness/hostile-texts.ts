/** Texts that tempt a matcher into looking at the same characters again and again. */

/** Each is repeated to the length that is asked for. */
export const HOSTILE_UNITS: Readonly<Record<string, string>> = {
  base64: 'aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0IG9mIGxpbmVhciBjb3N0',
  'base64 in lines': 'aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0IG9mIGxpbmVhciBjb3N0\n',
  hex: 'deadbeef0123456789abcdef',
  'a@a@': 'a@',
  addresses: 'jane.doe@example.org ',
  'digit grids': '4111 1111 1111 1112 ',
  cards: '4111 1111 1111 1111 ',
  digits: '1234567890',
  dotted: 'a.a.',
  dashes: '-',
  'minified code': 'function a(b){return b.c("d",e=>f[g]*2)};var h={i:"j",k:[1,2,3]};',
  'password names': 'password=',
  'key names': 'api_key="secret_token=',
  'broken PEM': '-----BEGIN RSA PRIVATE KEY-----\n',
  uuids: '3fa85f64-5717-4562-b3fc-2c963f66afa6 ',
  escapes: '%40&#64;\\u0040',
  'controls and quotes': '\u0001"\\',
  'quoted addresses': '"jane.doe@example.org"\n',
  'tokens and addresses': '<MAIL_0123456789abcdef> jane.doe@example.org ',
  objects: '{"a":1}',
  brackets: '[[',
}

export function hostileText(name: string, length: number): string {
  const unit = HOSTILE_UNITS[name] ?? ''
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length)
}
