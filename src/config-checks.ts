import { z } from 'zod'
import { type MarketSpec, parseMarketSpec } from './market/market-spec.ts'

/** A value may be a secret that was pasted on the wrong line, so only what is short and plain is ever shown. */
function shown(value: string): string {
  return /^[A-Za-z0-9.,:/+-]{1,16}$/.test(value) && !/^(sk-|xox|gh[ps]_)/.test(value)
    ? JSON.stringify(value)
    : `a text of ${value.length} characters`
}

export type Check<T> = (value: string) => { readonly value: T } | { readonly fault: string }

/** One variable: a text, checked; unset, empty and blank are all `fallback`. */
export function variable<T, F>(check: Check<T>, fallback: F) {
  return z
    .string()
    .optional()
    .transform((raw, context): T | F => {
      const text = raw?.trim() ?? ''
      if (text === '') return fallback
      const checked = check(text)
      if ('value' in checked) return checked.value
      context.addIssue({ code: 'custom', message: checked.fault })
      return z.NEVER
    })
}

export const oneOf = <T extends string>(...options: readonly T[]): Check<T> => {
  return (text) => {
    const found = options.find((option) => option === text)
    return found === undefined ? { fault: `is ${shown(text)}; write ${options.join(', ')}` } : { value: found }
  }
}

export const number =
  (limits: { readonly min: number; readonly max: number; readonly whole?: boolean }): Check<number> =>
  (text) => {
    const value = Number(text)
    const fits = /^\d+(\.\d+)?$/.test(text) && value >= limits.min && value <= limits.max
    if (fits && (limits.whole !== true || Number.isInteger(value))) return { value }
    const kind = limits.whole === true ? 'a whole number' : 'a number such as 2.5'
    return { fault: `is ${shown(text)}; write ${kind} from ${limits.min} to ${limits.max}` }
  }

export const word: Check<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text)
    ? { value: text }
    : { fault: 'holds a space, a line break or a letter outside ASCII; copy it again' }

/** A short key could be guessed from the pseudonyms it makes. */
export const secretKey: Check<string> = (text) => {
  const checked = word(text)
  return 'value' in checked && text.length < 32
    ? { fault: 'is shorter than 32 characters; make one with: openssl rand -hex 32' }
    : checked
}

/** No user name or password: an address ends up in messages, and fetch refuses one that carries them. */
export const httpUrl: Check<string> = (text) => {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return { fault: 'is not an address that starts with http:// or https://' }
  }
  if (url.username !== '' || url.password !== '') return { fault: 'carries a user name or a password; leave them out' }
  return { value: text.replace(/\/+$/, '') }
}

/** An address to which a client adds the version of the API itself, as `/v10` or `/2`: one that ends with it means the same. */
export const versionedUrl: Check<string> = (text) => {
  const checked = httpUrl(text)
  return 'value' in checked ? { value: checked.value.replace(/\/(v\d+|2)$/, '') } : checked
}

export const snowflake: Check<string> = (text) =>
  /^\d{1,20}$/.test(text)
    ? { value: text }
    : { fault: `is ${shown(text)}; a Discord id has digits only, at most 20 (switch on developer mode, then Copy ID)` }

export const redisUrl: Check<string> = (text) =>
  ['redis:', 'rediss:'].includes(URL.parse(text)?.protocol ?? '') || /^unix:\/./.test(text)
    ? { value: text }
    : { fault: 'is not an address that starts with redis:// or rediss://, nor unix:/PATH of a socket' }

export const databaseUrl: Check<string> = (text) =>
  /^sqlite:.+/s.test(text) || ['postgres:', 'postgresql:'].includes(URL.parse(text)?.protocol ?? '')
    ? { value: text }
    : { fault: 'is neither sqlite:FILE nor postgres://USER:PASSWORD@HOST/DATABASE' }

export const market: Check<MarketSpec> = (text) => {
  try {
    return { value: parseMarketSpec(text) }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : 'is wrong' }
  }
}

export const folder: Check<string> = (text) =>
  text.startsWith('~') ? { fault: 'starts with ~, which only a shell expands; write the whole path' } : { value: text }

export const price: Check<{ readonly input: number; readonly output: number }> = (text) => {
  const match = /^(\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?)$/.exec(text)
  return match === null
    ? { fault: `is ${shown(text)}; write two prices, of input and output, such as 0.75,4.5 (0,0 when it is free)` }
    : { value: { input: Number(match[1]), output: Number(match[2]) } }
}

export const flag: Check<boolean> = (text) => {
  const checked = oneOf('true', 'false')(text)
  return 'value' in checked ? { value: checked.value === 'true' } : checked
}
