import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const PAIRS = Array.from({ length: 1024 }, (_, number) => ALPHABET[number >> 5] + ALPHABET[number & 31])
const DIGITS = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit
const DASHES = [8, 13, 18, 23]
const PLACES = Array.from({ length: 36 }, (_, place) => place).filter((place) => !DASHES.includes(place))

/** Writes the 128 bits of a UUID as the 26 characters of a ULID. */
export function render (prefix, uuid) {
  const digit = (index) => DIGITS[uuid.charCodeAt(PLACES[index])]
  let text = prefix + '-' + PAIRS[digit(0) << 4 | digit(1)]
  for (let index = 2; index < 32; index += 5) {
    const high = digit(index) << 6 | digit(index + 1) << 2 | digit(index + 2) >> 2
    const low = (digit(index + 2) & 3) << 8 | digit(index + 3) << 4 | digit(index + 4)
    text += PAIRS[high] + PAIRS[low]
  }
  return text
}

/** Makes the 128 bits of a ULID. */
export function newId () {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
