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
    const text = canonicalize(value)
    if (text !== undefined) return text
  } catch (error) {
    throw new TypeError(unfitPlace(value, '') ?? `not JSON: ${(error as Error).message}`)
  }
  throw new TypeError('not JSON: nothing to write')
}

/** Whether a text is the canonical JSON of what it says. */
export function isCanonicalJson(text: string): boolean {
  try {
    return canonicalize(JSON.parse(text)) === text
  } catch {
    return false
  }
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
