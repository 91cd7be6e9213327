import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { Environment, parseMarketSpec, readConfig, readEnvironment } from '../src/config.ts'
import { ConfigError, InputError } from '../src/errors.ts'

const faultsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readConfig(environment)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.faults
  }
  return []
}

test('with nothing set everything has its documented default and no model decides', () => {
  const config = readConfig({})
  assert.equal(config.model, null)
  assert.deepEqual(config.market, { kind: 'yahoo' })
  assert.equal(config.home, './.primer')
  assert.equal(config.databaseUrl, 'sqlite:.primer/journal.db')
  assert.deepEqual(config.warnings, [])
  assert.equal(config.discord.token, null)
})

test('a key alone, or a server alone, makes the model decide, within 5 dollars a day', () => {
  const byKey = readConfig({ OPENAI_API_KEY: 'sk-abc' }).model
  assert.equal(byKey?.dailyBudgetUsd, 5)
  assert.equal(byKey?.requestsPerMinute, 60)
  assert.equal(byKey?.baseUrl, 'https://api.openai.com/v1')
  assert.equal(byKey?.temperature, 0.3)
  const byServer = readConfig({ OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1/', LLM_SAMPLING: 'false' }).model
  assert.equal(byServer?.apiKey, null)
  assert.equal(byServer?.baseUrl, 'http://127.0.0.1:11434/v1')
  assert.equal(byServer?.temperature, null)
})

test('the address of an API is the same with and without its version and a slash', () => {
  for (const end of ['', '/', '/v10', '/v10/']) {
    const url = `http://127.0.0.1:7001/api${end}`
    assert.equal(readConfig({ DISCORD_API_URL: url }).discord.apiUrl, 'http://127.0.0.1:7001/api')
  }
  for (const end of ['', '/', '/2', '/2/']) {
    assert.equal(readConfig({ X_API_URL: `http://127.0.0.1:7002${end}` }).x.apiUrl, 'http://127.0.0.1:7002')
  }
})

test('empty and blank values count as unset', () => {
  const config = readConfig({ OPENAI_API_KEY: '', OPENAI_BASE_URL: '  ', MARKET: '', WEB_PORT: ' ', DATABASE_URL: '' })
  assert.deepEqual(config, readConfig({}))
})

test('every wrong value is listed by name, and the values of secrets are never shown', () => {
  const faults = faultsOf({
    OPENAI_API_KEY: 'sk-very secret',
    OPENAI_BASE_URL: 'https://user:hunter2@example.com',
    LLM_DAILY_BUDGET_USD: '-1',
    LLM_PRICE_USD_PER_MTOK: '1',
    LLM_REQUESTS_PER_MINUTE: '0',
    LLM_SCHEMA_MODE: 'jsonschema',
    LLM_TIMEOUT_SECONDS: '3e2',
    DISCORD_TOKEN: 'hunter2\nhunter2',
    DISCORD_CHANNEL_ID: 'hunter2-hunter2-hunter2',
    X_API_URL: 'ftp://hunter2',
    YAHOO_URL: 'not a url hunter2',
    REDIS_URL: 'http://hunter2@localhost',
    DATABASE_URL: 'mysql://root:hunter2@db',
    MARKET: 'simulated:',
    PRIMER_HOME: '~/primer',
    WEB_PORT: '80.5',
    LOG_LEVEL: 'sk-hunter2',
  })
  const names = faults.map((fault) => fault.split(' ')[0])
  assert.deepEqual(names.toSorted(), [
    'DATABASE_URL',
    'DISCORD_CHANNEL_ID',
    'DISCORD_TOKEN',
    'LLM_DAILY_BUDGET_USD',
    'LLM_PRICE_USD_PER_MTOK',
    'LLM_REQUESTS_PER_MINUTE',
    'LLM_SCHEMA_MODE',
    'LLM_TIMEOUT_SECONDS',
    'LOG_LEVEL',
    'MARKET',
    'OPENAI_API_KEY',
    'OPENAI_BASE_URL',
    'PRIMER_HOME',
    'REDIS_URL',
    'WEB_PORT',
    'X_API_URL',
    'YAHOO_URL',
  ])
  assert.doesNotMatch(faults.join('\n'), /hunter2|very secret/)
  assert.match(faults.join('\n'), /LLM_SCHEMA_MODE is "jsonschema"; write json_schema, json_object, prompt/)
})

test('a key pasted on the wrong line is not shown either', () => {
  for (const name of ['LLM_MAX_TOKENS', 'LOG_LEVEL', 'DISCORD_OWNER_ID', 'LLM_PRICE_USD_PER_MTOK', 'WEB_PORT']) {
    const key = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'
    assert.ok(
      !faultsOf({ [name]: key })
        .join('')
        .includes('abcdef'),
      name,
    )
  }
})

test('settings that almost have the right name are reported, others are left alone', () => {
  const { warnings } = readConfig({
    OPENAI_APIKEY: 'sk-x',
    DISCORD_TOKN: 'x',
    openai_base_url: 'x',
    OPENAI_API_BASE: 'x',
    LLM_TEMP: '1',
    PATH: '/bin',
    HOME: '/root',
    USER: 'me',
    NODE_ENV: 'test',
  })
  assert.equal(warnings.length, 5)
  assert.match(warnings.join('\n'), /OPENAI_APIKEY is not a setting of Primer; did you mean OPENAI_API_KEY\?/)
  assert.match(warnings.join('\n'), /DISCORD_TOKN .* DISCORD_TOKEN\?/)
  assert.match(warnings.join('\n'), /openai_base_url .* OPENAI_BASE_URL\?/)
  assert.match(warnings.join('\n'), /OPENAI_API_BASE .* OPENAI_BASE_URL\?/)
  assert.match(warnings.join('\n'), /LLM_TEMP is not a setting/)
})

test('half of a channel’s settings is said to leave it a preview', () => {
  const { warnings } = readConfig({ DISCORD_TOKEN: 'abc', DISCORD_CHANNEL_ID: '123456789012345678' })
  assert.deepEqual(warnings, ['Discord stays a preview: DISCORD_APPLICATION_ID is not set'])
})

test('nothing can change the settings once they are read', () => {
  const config = readConfig({ OPENAI_API_KEY: 'sk-abc' })
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.model) && Object.isFrozen(config.warnings))
})

test('prices per million tokens are two numbers, zero allowed', () => {
  assert.deepEqual(readConfig({ OPENAI_API_KEY: 'k', LLM_PRICE_USD_PER_MTOK: '0,0' }).model?.price, {
    input: 0,
    output: 0,
  })
  assert.deepEqual(readConfig({ OPENAI_API_KEY: 'k', LLM_PRICE_USD_PER_MTOK: '0.75, 4.5' }).model?.price, {
    input: 0.75,
    output: 4.5,
  })
  for (const wrong of ['1', '1,', '1,2,3', '-1,2', '1e3,2', 'a,b']) {
    assert.equal(faultsOf({ LLM_PRICE_USD_PER_MTOK: wrong }).length, 1, wrong)
  }
})

test('a market is one of four forms, and anything else is refused with the forms', () => {
  assert.deepEqual(parseMarketSpec('yahoo'), { kind: 'yahoo' })
  assert.deepEqual(parseMarketSpec('csv:../data/a:b'), { kind: 'csv', directory: '../data/a:b' })
  assert.deepEqual(parseMarketSpec('simulated:42'), { kind: 'simulated', seed: 42 })
  assert.deepEqual(parseMarketSpec('ccxt:binance'), { kind: 'ccxt', exchange: 'binance' })
  for (const wrong of [
    '',
    'Yahoo',
    'yahoo:',
    'csv',
    'csv:',
    'simulated',
    'simulated:x',
    'simulated:-1',
    'ccxt:',
    'ccxt:../x',
    'toString',
  ]) {
    assert.throws(
      () => parseMarketSpec(wrong),
      (error: unknown) => error instanceof InputError && /csv:DIRECTORY/.test(error.message),
      wrong,
    )
  }
})

test('.env.example holds exactly the settings that are read, in order, each explained and none set', () => {
  const lines = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').split('\n')
  const assigned = lines.filter((line) => /^[A-Z]/.test(line))
  assert.deepEqual(
    assigned,
    Object.keys(Environment.shape).map((name) => `${name}=`),
  )
  for (const [index, line] of lines.entries()) {
    if (/^[A-Z]/.test(line)) assert.match(lines[index - 1]!, /^# .{20,}/, `${line} needs a comment above it`)
  }
})

test('the defaults that .env.example states are the ones in force', () => {
  const lines = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').split('\n')
  const asText: Record<string, string> = {}
  for (const [index, line] of lines.entries()) {
    const stated = /Default: ([^\s;]+?)\.$/.exec(lines[index - 1] ?? '')?.[1]
    if (/^[A-Z]/.test(line) && stated !== undefined) asText[line.slice(0, -1)] = stated
  }
  assert.ok(Object.keys(asText).length >= 12)
  const spelled = readConfig({ OPENAI_API_KEY: 'k', ...asText })
  const unset = readConfig({ OPENAI_API_KEY: 'k' })
  assert.deepEqual({ ...spelled, databaseUrl: '' }, { ...unset, databaseUrl: '' })
})

test('a .env file is read, and a variable of the shell wins over it, also when empty', () => {
  const directory = mkdtempSync(join(tmpdir(), 'primer-env-'))
  try {
    assert.deepEqual(readEnvironment(directory, { A: '1', B: undefined }), { A: '1' })
    writeFileSync(
      join(directory, '.env'),
      '\ufeffOPENAI_API_KEY="from file" # note\r\nLOG_LEVEL=debug\r\nexport WEB_PORT=1\n',
    )
    assert.deepEqual(readEnvironment(directory, { LOG_LEVEL: 'warn' }), {
      OPENAI_API_KEY: 'from file',
      LOG_LEVEL: 'warn',
      WEB_PORT: '1',
    })
    assert.equal(readEnvironment(directory, { OPENAI_API_KEY: '' }).OPENAI_API_KEY, '')
    rmSync(join(directory, '.env'))
    mkdirSync(join(directory, '.env'))
    assert.throws(() => readEnvironment(directory, {}), ConfigError)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the service listens, exports no message text and shows no board unless told so', () => {
  const { x, queueBoard, exportMessageText, peopleKey } = readConfig({})
  assert.deepEqual(
    [x.replies, x.pollMinutes, queueBoard, exportMessageText, peopleKey],
    [false, 30, false, false, null],
  )
  const told = readConfig({ X_REPLIES: 'true', X_POLL_MINUTES: '5', QUEUE_BOARD: 'true', EXPORT_MESSAGE_TEXT: 'true' })
  assert.deepEqual([told.x.replies, told.x.pollMinutes, told.queueBoard, told.exportMessageText], [true, 5, true, true])
})

test('a short key of the pseudonyms is refused, since it could be guessed, and not shown', () => {
  const [fault = '', ...others] = faultsOf({ PEOPLE_KEY: 'hunter2hunter2' })
  assert.deepEqual(others, [])
  assert.match(fault, /^PEOPLE_KEY is shorter than 32 characters/)
  assert.doesNotMatch(fault, /hunter2/)
})
