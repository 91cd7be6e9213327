import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { ConfigError } from './errors.ts'
import { type MarketSpec, parseMarketSpec } from './market/market-spec.ts'
import { closest } from './misspelling.ts'

export { type MarketSpec, parseMarketSpec }

/** A value may be a secret that was pasted on the wrong line, so only what is short and plain is ever shown. */
function shown(value: string): string {
  return /^[A-Za-z0-9.,:/+-]{1,16}$/.test(value) && !/^(sk-|xox|gh[ps]_)/.test(value)
    ? JSON.stringify(value)
    : `a text of ${value.length} characters`
}

type Check<T> = (value: string) => { readonly value: T } | { readonly fault: string }

/** One variable: a text, checked; unset, empty and blank are all `fallback`. */
function variable<T, F>(check: Check<T>, fallback: F) {
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

const oneOf = <T extends string>(...options: readonly T[]): Check<T> => {
  return (text) => {
    const found = options.find((option) => option === text)
    return found === undefined ? { fault: `is ${shown(text)}; write ${options.join(', ')}` } : { value: found }
  }
}

const number =
  (limits: { readonly min: number; readonly max: number; readonly whole?: boolean }): Check<number> =>
  (text) => {
    const value = Number(text)
    const fits = /^\d+(\.\d+)?$/.test(text) && value >= limits.min && value <= limits.max
    if (fits && (limits.whole !== true || Number.isInteger(value))) return { value }
    const kind = limits.whole === true ? 'a whole number' : 'a number such as 2.5'
    return { fault: `is ${shown(text)}; write ${kind} from ${limits.min} to ${limits.max}` }
  }

const word: Check<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text)
    ? { value: text }
    : { fault: 'holds a space, a line break or a letter outside ASCII; copy it again' }

/** No user name or password: an address ends up in messages, and fetch refuses one that carries them. */
const httpUrl: Check<string> = (text) => {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return { fault: 'is not an address that starts with http:// or https://' }
  }
  if (url.username !== '' || url.password !== '') return { fault: 'carries a user name or a password; leave them out' }
  return { value: text.replace(/\/+$/, '') }
}

const snowflake: Check<string> = (text) =>
  /^\d{1,20}$/.test(text)
    ? { value: text }
    : { fault: `is ${shown(text)}; a Discord id has digits only, at most 20 (switch on developer mode, then Copy ID)` }

const redisUrl: Check<string> = (text) =>
  ['redis:', 'rediss:'].includes(URL.parse(text)?.protocol ?? '')
    ? { value: text }
    : { fault: 'is not an address that starts with redis:// or rediss://' }

const databaseUrl: Check<string> = (text) =>
  /^sqlite:.+/s.test(text) || ['postgres:', 'postgresql:'].includes(URL.parse(text)?.protocol ?? '')
    ? { value: text }
    : { fault: 'is neither sqlite:FILE nor postgres://USER:PASSWORD@HOST/DATABASE' }

const market: Check<MarketSpec> = (text) => {
  try {
    return { value: parseMarketSpec(text) }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : 'is wrong' }
  }
}

const folder: Check<string> = (text) =>
  text.startsWith('~') ? { fault: 'starts with ~, which only a shell expands; write the whole path' } : { value: text }

const price: Check<{ readonly input: number; readonly output: number }> = (text) => {
  const match = /^(\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?)$/.exec(text)
  return match === null
    ? { fault: `is ${shown(text)}; write two prices, of input and output, such as 0.75,4.5 (0,0 when it is free)` }
    : { value: { input: Number(match[1]), output: Number(match[2]) } }
}

const flag: Check<boolean> = (text) => {
  const checked = oneOf('true', 'false')(text)
  return 'value' in checked ? { value: checked.value === 'true' } : checked
}

/** Every setting, in the order of `.env.example`, which a test holds to this. */
export const Environment = z.object({
  OPENAI_API_KEY: variable(word, null),
  OPENAI_BASE_URL: variable(httpUrl, null),
  LLM_MODEL: variable(word, 'gpt-5.4-mini'),
  LLM_DAILY_BUDGET_USD: variable(number({ min: 0, max: 10_000 }), 5),
  LLM_PRICE_USD_PER_MTOK: variable(price, null),
  LLM_SCHEMA_MODE: variable(oneOf('json_schema', 'json_object', 'prompt'), 'json_schema' as const),
  LLM_SAMPLING: variable(flag, true),
  LLM_TEMPERATURE: variable(number({ min: 0, max: 2 }), 0.3),
  LLM_MAX_TOKENS_FIELD: variable(oneOf('max_completion_tokens', 'max_tokens'), 'max_completion_tokens' as const),
  LLM_MAX_TOKENS: variable(number({ min: 100, max: 200_000, whole: true }), 16_000),
  // Node's own fetch gives up after five minutes without a header, whatever it is told.
  LLM_TIMEOUT_SECONDS: variable(number({ min: 1, max: 290 }), 120),
  DISCORD_TOKEN: variable(word, null),
  DISCORD_APPLICATION_ID: variable(snowflake, null),
  DISCORD_CHANNEL_ID: variable(snowflake, null),
  DISCORD_OWNER_ID: variable(snowflake, null),
  DISCORD_API_URL: variable(httpUrl, null),
  X_APP_KEY: variable(word, null),
  X_APP_SECRET: variable(word, null),
  X_ACCESS_TOKEN: variable(word, null),
  X_ACCESS_SECRET: variable(word, null),
  X_API_URL: variable(httpUrl, null),
  X_DAILY_POSTS: variable(number({ min: 0, max: 1_000, whole: true }), 10),
  X_MONTHLY_POSTS: variable(number({ min: 0, max: 10_000, whole: true }), 150),
  YAHOO_URL: variable(httpUrl, null),
  EXCHANGE_URL: variable(httpUrl, null),
  REDIS_URL: variable(redisUrl, null),
  DATABASE_URL: variable(databaseUrl, null),
  MARKET: variable(market, { kind: 'yahoo' } as const),
  PRIMER_HOME: variable(folder, './.primer'),
  WEB_PORT: variable(number({ min: 0, max: 65_535, whole: true }), 8080),
  LOG_LEVEL: variable(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info' as const),
})

type Settings = z.infer<typeof Environment>

/** Settings, checked and frozen. `model` is null when neither a key nor a server is named: then a control decides. */
export type Config = {
  readonly model: {
    readonly apiKey: string | null
    readonly baseUrl: string
    readonly name: string
    readonly dailyBudgetUsd: number
    /** USD per million tokens; null: the table of src/decision/model-prices.ts. */
    readonly price: { readonly input: number; readonly output: number } | null
    readonly schemaMode: Settings['LLM_SCHEMA_MODE']
    /** Null: no sampling parameter is sent. */
    readonly temperature: number | null
    readonly maxTokensField: Settings['LLM_MAX_TOKENS_FIELD']
    readonly maxTokens: number
    readonly timeoutMs: number
  } | null
  readonly discord: {
    readonly token: string | null
    readonly applicationId: string | null
    readonly channelId: string | null
    readonly ownerId: string | null
    readonly apiUrl: string | null
  }
  readonly x: {
    readonly appKey: string | null
    readonly appSecret: string | null
    readonly accessToken: string | null
    readonly accessSecret: string | null
    readonly apiUrl: string | null
    readonly dailyPosts: number
    readonly monthlyPosts: number
  }
  readonly yahooUrl: string | null
  readonly exchangeUrl: string | null
  readonly redisUrl: string | null
  /** `sqlite:FILE` or an address of PostgreSQL. A secret: it may carry a password. */
  readonly databaseUrl: string
  readonly market: MarketSpec
  readonly home: string
  readonly webPort: number
  readonly logLevel: Settings['LOG_LEVEL']
  /** Names that look like settings and are none, and groups of settings that are half filled; one sentence each. */
  readonly warnings: readonly string[]
}

type RawEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The environment as settings. Empty and blank values count as unset.
 *
 * @throws ConfigError listing every wrong variable by name; the value of a secret is never in it
 */
export function readConfig(environment: RawEnvironment): Config {
  const known = Object.keys(Environment.shape)
  const parsed = Environment.safeParse(Object.fromEntries(known.map((name) => [name, environment[name]])))
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
  }
  const is = parsed.data
  return deepFreeze({
    model: modelSettings(is),
    discord: {
      token: is.DISCORD_TOKEN,
      applicationId: is.DISCORD_APPLICATION_ID,
      channelId: is.DISCORD_CHANNEL_ID,
      ownerId: is.DISCORD_OWNER_ID,
      apiUrl: is.DISCORD_API_URL,
    },
    x: {
      appKey: is.X_APP_KEY,
      appSecret: is.X_APP_SECRET,
      accessToken: is.X_ACCESS_TOKEN,
      accessSecret: is.X_ACCESS_SECRET,
      apiUrl: is.X_API_URL,
      dailyPosts: is.X_DAILY_POSTS,
      monthlyPosts: is.X_MONTHLY_POSTS,
    },
    yahooUrl: is.YAHOO_URL,
    exchangeUrl: is.EXCHANGE_URL,
    redisUrl: is.REDIS_URL,
    databaseUrl: is.DATABASE_URL ?? `sqlite:${join(is.PRIMER_HOME, 'journal.db')}`,
    market: is.MARKET,
    home: is.PRIMER_HOME,
    webPort: is.WEB_PORT,
    logLevel: is.LOG_LEVEL,
    warnings: [...halfFilled(is), ...nearMisses(Object.keys(environment), known)],
  })
}

/**
 * The real environment over the `.env` file of `directory`, if there is one. A variable that is set for real wins even when
 * it is empty, so that `OPENAI_API_KEY= npm run demo` runs without the key of the file.
 *
 * @throws ConfigError when the file is there and cannot be read
 */
export function readEnvironment(directory: string, environment: RawEnvironment): RawEnvironment {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined))
  const file = join(directory, '.env')
  try {
    return { ...parseEnv(readFileSync(file, 'utf8').replace(/^\ufeff/, '')), ...set }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault'
    if (code === 'ENOENT' || code === 'ENOTDIR') return set
    throw new ConfigError(`${file} cannot be read (${code}); mend or remove it`)
  }
}

function modelSettings(is: Settings): Config['model'] {
  if (is.OPENAI_API_KEY === null && is.OPENAI_BASE_URL === null) return null
  return {
    apiKey: is.OPENAI_API_KEY,
    baseUrl: is.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
    name: is.LLM_MODEL,
    dailyBudgetUsd: is.LLM_DAILY_BUDGET_USD,
    price: is.LLM_PRICE_USD_PER_MTOK,
    schemaMode: is.LLM_SCHEMA_MODE,
    temperature: is.LLM_SAMPLING ? is.LLM_TEMPERATURE : null,
    maxTokensField: is.LLM_MAX_TOKENS_FIELD,
    maxTokens: is.LLM_MAX_TOKENS,
    timeoutMs: is.LLM_TIMEOUT_SECONDS * 1000,
  }
}

function halfFilled(is: Settings): string[] {
  const groups = [
    { what: 'Discord', names: ['DISCORD_TOKEN', 'DISCORD_APPLICATION_ID', 'DISCORD_CHANNEL_ID'] },
    { what: 'X', names: ['X_APP_KEY', 'X_APP_SECRET', 'X_ACCESS_TOKEN', 'X_ACCESS_SECRET'] },
  ] as const
  return groups.flatMap(({ what, names }) => {
    const missing = names.filter((name) => is[name] === null)
    if (missing.length === 0 || missing.length === names.length) return []
    return [`${what} stays a preview: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`]
  })
}

/** Names by which other programs, or older habits, call our settings. */
const aliases: Readonly<Record<string, string>> = {
  OPENAI_API_BASE: 'OPENAI_BASE_URL',
  OPENAI_MODEL: 'LLM_MODEL',
  DISCORD_BOT_TOKEN: 'DISCORD_TOKEN',
  DISCORD_CLIENT_ID: 'DISCORD_APPLICATION_ID',
}

function nearMisses(names: readonly string[], known: readonly string[]): string[] {
  return names.flatMap((name) => {
    if (known.includes(name) || name.length < 6) return []
    const meant = aliases[name] ?? closest(name.toUpperCase(), known, 2)
    if (meant !== null) return [`${name} is not a setting of Primer; did you mean ${meant}?`]
    // The tests' own variables are nobody's mistake.
    if (name.startsWith('PRIMER_TEST_')) return []
    return /^(LLM|PRIMER)_/.test(name) ? [`${name} is not a setting of Primer; .env.example lists them all`] : []
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
