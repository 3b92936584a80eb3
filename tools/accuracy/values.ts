/** Draws made-up values with valid check digits from a fixed seed. */

export interface Draw {
  /** A whole number from 0, below `end`. */
  readonly below: (end: number) => number
  readonly digits: (count: number) => string
  readonly hex: (count: number) => string
  readonly pick: <T>(from: readonly T[]) => T
}

/** mulberry32: small, and the same everywhere. */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0
  const below = (end: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
  }
  const text = (alphabet: string, count: number): string =>
    Array.from({ length: count }, () => alphabet.charAt(below(alphabet.length))).join('')
  return {
    below,
    digits: (count) => text('0123456789', count),
    hex: (count) => text('0123456789abcdef', count),
    pick: (from) => {
      const chosen = from[below(from.length)]
      if (chosen === undefined) throw new Error('there is nothing to pick from')
      return chosen
    },
  }
}

/** A card number of 16 digits that passes Luhn, or an American Express one of 15. */
export function cardNumber(draw: Draw): string {
  const [front, length] = draw.pick([
    ['4', 16],
    ['51', 16],
    ['55', 16],
    ['6011', 16],
    ['34', 15],
    ['37', 15],
  ] as const)
  const body = front + draw.digits(length - front.length - 1)
  return body + luhnDigit(body)
}

function luhnDigit(body: string): string {
  let sum = 0
  for (let i = 0; i < body.length; i += 1) {
    const digit = Number(body.charAt(body.length - 1 - i))
    const doubled = i % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return String((10 - (sum % 10)) % 10)
}

/** An IBAN of a country whose account part is digits only. */
export function bankNumber(draw: Draw): string {
  const [country, length] = draw.pick([
    ['DE', 18],
    ['ES', 20],
    ['AT', 16],
    ['BE', 12],
    ['PL', 24],
    ['DK', 14],
    ['PT', 21],
  ] as const)
  const account = draw.digits(length)
  const letters = country
    .split('')
    .map((letter) => String(letter.charCodeAt(0) - 55))
    .join('')
  const check = 98n - (BigInt(`${account}${letters}00`) % 97n)
  return `${country}${String(check).padStart(2, '0')}${account}`
}
