/** Names of settings whose values are secrets, or may hold one. */
export const secretName = /KEY|SECRET|TOKEN|PASSWORD|DATABASE_URL|REDIS_URL/

/** A shorter value would be found in too many harmless words. */
const shortest = 6

/**
 * What takes the secrets of an environment out of a text, in every form in which a library might quote one: as it is, in
 * JSON, in a URL, in base64, and the password alone out of an address.
 *
 * Example: redactor({ X_APP_KEY: 'abcdefgh' })('key abcdefgh refused') -> 'key [X_APP_KEY] refused'
 */
export function redactor(environment: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const forms = new Map<string, string>()
  for (const [name, raw] of Object.entries(environment)) {
    const value = raw?.trim() ?? ''
    if (!secretName.test(name)) continue
    for (const secret of [value, ...credentialsIn(value)]) {
      for (const form of formsOf(secret)) if (form.length >= shortest) forms.set(form, `[${name}]`)
    }
  }
  // Longest first, so that no part of a secret is left over from a shorter one within it.
  const ordered = [...forms].sort(([a], [b]) => b.length - a.length)
  return (text) => ordered.reduce((shown, [form, name]) => shown.replaceAll(form, name), text)
}

/** User and password of an address, as they stand in it and decoded. */
function credentialsIn(value: string): string[] {
  const url = /^[a-z]+:\/\//.test(value) ? URL.parse(value) : null
  if (url === null) return []
  return [url.password, decoded(url.password)].filter((part) => part !== '')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function formsOf(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1)
  const base64 = Buffer.from(secret).toString('base64')
  return [
    secret,
    inJson,
    encodeURIComponent(secret),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
  ]
}
