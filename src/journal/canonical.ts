import canonicalize from 'canonicalize'

/**
 * A value as canonical JSON (RFC 8785): keys sorted by UTF-16 code units, no spaces, numbers as JavaScript prints them.
 * Equal values give equal bytes, so they can be hashed.
 *
 * @throws TypeError naming the place of a value that JSON cannot hold (NaN, Infinity, half of a surrogate pair, a cycle)
 * Example: canonicalJson({ b: 1, a: [1.50, 'é'] }) -> '{"a":[1.5,"é"],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  try {
    const text = quickly(value) ?? canonicalize(value)
    if (text !== undefined) return text
  } catch (error) {
    throw new TypeError(unfitPlace(value, '') ?? `not JSON: ${(error as Error).message}`)
  }
  throw new TypeError('not JSON: nothing to write')
}

/** Whether a text is the canonical JSON of what it says. */
export function isCanonicalJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return (quickly(value) ?? canonicalize(value)) === text
  } catch {
    return false
  }
}

/**
 * What nearly every value is made of, in a third of the time that the package takes: JavaScript already prints numbers and
 * strings as RFC 8785 prescribes, so only the order of the keys is left to see to.
 *
 * @returns null for anything else (a fault, a cycle, `toJSON`, an object of a class), which is left to the package
 */
function quickly(value: unknown): string | null {
  const parts: string[] = []
  try {
    // Joined at the end: a text put together piece by piece is kept in pieces, and each reader has to put it in one.
    return written(value, parts) ? parts.join('') : null
  } catch (error) {
    // A cycle, or deeper than the stack.
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Whether the value could be written; what it was written as is pushed to `parts`. */
function written(value: unknown, parts: string[]): boolean {
  switch (typeof value) {
    case 'string': {
      const text = quoted(value)
      if (text !== null) parts.push(text)
      return text !== null
    }
    case 'number':
      parts.push(`${value}`)
      return Number.isFinite(value)
    case 'boolean':
      parts.push(value ? 'true' : 'false')
      return true
    case 'object':
      if (value === null) {
        parts.push('null')
        return true
      }
      if ('toJSON' in value) return false
      return Array.isArray(value) ? writtenArray(value, parts) : writtenObject(value, parts)
    default:
      return false
  }
}

function writtenArray(list: readonly unknown[], parts: string[]): boolean {
  parts.push('[')
  for (let index = 0; index < list.length; index++) {
    if (index > 0) parts.push(',')
    if (!written(list[index], parts)) return false
  }
  parts.push(']')
  return true
}

function writtenObject(value: object, parts: string[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  let isFirst = true
  for (const key of sortedKeys(value)) {
    const child = (value as Readonly<Record<string, unknown>>)[key]
    if (child === undefined) continue
    const name = member(key)
    if (name === null) return false
    parts.push(isFirst ? '{' : ',', name)
    if (!written(child, parts)) return false
    isFirst = false
  }
  parts.push(isFirst ? '{}' : '}')
  return true
}

/** Keys as they begin a member, `"price":`. Schemas know few keys; those that come from outside may be many, so the room ends. */
const members = new Map<string, string>()
const membersMax = 2000

function member(key: string): string | null {
  const known = members.get(key)
  if (known !== undefined) return known
  const name = quoted(key)
  if (name === null) return null
  const text = `${name}:`
  if (members.size < membersMax) members.set(key, text)
  return text
}

/** In the order of UTF-16 code units, which is that of `<`. By insertion: most objects have few keys, and nearly in order. */
function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value)
  if (keys.length > 30) return keys.sort()
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index]!
    let place = index
    for (; place > 0 && keys[place - 1]! > key; place--) keys[place] = keys[place - 1]!
    keys[place] = key
  }
  return keys
}

/** What JSON escapes, and halves of a surrogate pair, alone or not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const special = /["\\\u0000-\u001f\ud800-\udfff]/

function quoted(text: string): string | null {
  if (!special.test(text)) return `"${text}"`
  return text.isWellFormed() ? JSON.stringify(text) : null
}

/** Where the first value lies that JSON cannot hold, as a sentence, or null. Only asked once writing has failed. */
function unfitPlace(value: unknown, path: string, seen: readonly unknown[] = []): string | null {
  const place = path === '' ? 'the value' : path
  if (typeof value === 'number' && !Number.isFinite(value)) return `${place} is ${value}, which JSON cannot hold`
  if (typeof value === 'bigint') return `${place} is a bigint, which JSON cannot hold`
  if (typeof value === 'string' && !value.isWellFormed()) return `${place} holds half of a surrogate pair`
  if (typeof value !== 'object' || value === null) return null
  if (seen.includes(value)) return `${place} contains itself`
  for (const [key, child] of Object.entries(value)) {
    if (!key.isWellFormed()) return `a key of ${place} holds half of a surrogate pair`
    const step = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    const found = unfitPlace(child, step, [...seen, value])
    if (found !== null) return found
  }
  return null
}
