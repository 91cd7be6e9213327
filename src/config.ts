import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import {
  databaseUrl,
  flag,
  folder,
  httpUrl,
  market,
  number,
  oneOf,
  price,
  redisUrl,
  secretKey,
  snowflake,
  variable,
  versionedUrl,
  word,
} from './config-checks.ts'
import { ConfigError } from './errors.ts'
import { type MarketSpec, parseMarketSpec } from './market/market-spec.ts'
import { closest } from './misspelling.ts'

export { type MarketSpec, parseMarketSpec }

/** Every setting, in the order of `.env.example`, which a test holds to this. */
export const Environment = z.object({
  OPENAI_API_KEY: variable(word, null),
  OPENAI_BASE_URL: variable(httpUrl, null),
  LLM_MODEL: variable(word, 'gpt-5.4-mini'),
  LLM_DAILY_BUDGET_USD: variable(number({ min: 0, max: 10_000 }), 5),
  LLM_PRICE_USD_PER_MTOK: variable(price, null),
  LLM_REQUESTS_PER_MINUTE: variable(number({ min: 1, max: 100_000 }), 60),
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
  DISCORD_API_URL: variable(versionedUrl, null),
  X_APP_KEY: variable(word, null),
  X_APP_SECRET: variable(word, null),
  X_ACCESS_TOKEN: variable(word, null),
  X_ACCESS_SECRET: variable(word, null),
  X_API_URL: variable(versionedUrl, null),
  X_DAILY_POSTS: variable(number({ min: 0, max: 1_000, whole: true }), 10),
  X_MONTHLY_POSTS: variable(number({ min: 0, max: 10_000, whole: true }), 150),
  X_DAILY_READ_USD: variable(number({ min: 0, max: 1_000 }), 0.25),
  X_POLL_MINUTES: variable(number({ min: 1, max: 1_440, whole: true }), 30),
  X_REPLIES: variable(flag, false),
  PEOPLE_KEY: variable(secretKey, null),
  EXPORT_MESSAGE_TEXT: variable(flag, false),
  YAHOO_URL: variable(httpUrl, null),
  EXCHANGE_URL: variable(httpUrl, null),
  REDIS_URL: variable(redisUrl, null),
  DATABASE_URL: variable(databaseUrl, null),
  MARKET: variable(market, { kind: 'yahoo' } as const),
  COIN_MARKET: variable(market, null),
  PRIMER_HOME: variable(folder, './.primer'),
  WEB_PORT: variable(number({ min: 0, max: 65_535, whole: true }), 8080),
  QUEUE_BOARD: variable(flag, false),
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
    /** Of work that comes in bulk, such as reading texts; a decision never waits. */
    readonly requestsPerMinute: number
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
    /** Most US dollars for reading in a UTC day. */
    readonly dailyReadUsd: number
    /** How often mentions and replies are fetched, while the budget lasts. */
    readonly pollMinutes: number
    /** Whether the bot answers people on X; it only listens otherwise. */
    readonly replies: boolean
  }
  /** Key of the pseudonyms of people. Null: the random key in the file people.key of `home`. A secret. */
  readonly peopleKey: string | null
  /** The owner's statement that text of Discord messages may be exported where its author consents. */
  readonly exportMessageText: boolean
  readonly yahooUrl: string | null
  readonly exchangeUrl: string | null
  readonly redisUrl: string | null
  /** `sqlite:FILE` or an address of PostgreSQL. A secret: it may carry a password. */
  readonly databaseUrl: string
  readonly market: MarketSpec
  /** Where the books of coins trade; `market` unless one of its own is named. */
  readonly coinMarket: MarketSpec
  readonly home: string
  readonly webPort: number
  /** Whether the web page shows the queue's board, read-only. */
  readonly queueBoard: boolean
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
      dailyReadUsd: is.X_DAILY_READ_USD,
      pollMinutes: is.X_POLL_MINUTES,
      replies: is.X_REPLIES,
    },
    peopleKey: is.PEOPLE_KEY,
    exportMessageText: is.EXPORT_MESSAGE_TEXT,
    yahooUrl: is.YAHOO_URL,
    exchangeUrl: is.EXCHANGE_URL,
    redisUrl: is.REDIS_URL,
    databaseUrl: is.DATABASE_URL ?? `sqlite:${join(is.PRIMER_HOME, 'journal.db')}`,
    market: is.MARKET,
    coinMarket: is.COIN_MARKET ?? is.MARKET,
    home: is.PRIMER_HOME,
    webPort: is.WEB_PORT,
    queueBoard: is.QUEUE_BOARD,
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
    requestsPerMinute: is.LLM_REQUESTS_PER_MINUTE,
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
