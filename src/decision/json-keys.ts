/**
 * The first key that an object in a JSON text holds twice, or null. JSON.parse would keep the last of the two in silence, so
 * that what is executed need not be what a reader saw first.
 *
 * @param json text that JSON.parse accepts
 * Example: repeatedKey('{"pct": 5, "pct": 50}') -> 'pct'
 */
export function repeatedKey(json: string): string | null {
  // One set of keys for each object that is open, null for each array.
  const open: (Set<string> | null)[] = []
  let keyNext = false
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs)) {
    const keys = open.at(-1)
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(null)
    else if (token === '}' || token === ']') open.pop()
    else if (token.startsWith('"') && keyNext && keys) {
      const key = JSON.parse(token) as string
      if (keys.has(key)) return key
      keys.add(key)
    }
    keyNext = token === '{' || (token === ',' && open.at(-1) !== null)
  }
  return null
}
