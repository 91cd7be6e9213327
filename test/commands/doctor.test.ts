import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { doctor } from '../../src/commands/doctor.ts'
import { withFolder } from '../support/database.ts'
import { climbingMarket, ioWith, runJob } from '../support/jobs.ts'
import { primer } from '../support/primer.ts'

type Finding = { readonly check: string; readonly state: string; readonly detail: string }
type Report = { readonly ok: boolean; readonly findings: readonly Finding[] }

async function findingsOf(environment: Readonly<Record<string, string>>) {
  const { json, exitCode, text } = await doctor(ioWith(environment))
  const report = json as Report
  assert.equal(exitCode, report.ok ? 0 : 1)
  const of = (check: string): string => {
    const found = report.findings.find((finding) => finding.check === check)
    return `${found?.state}: ${found?.detail}`
  }
  return { of, ok: report.ok, printed: `${text}${JSON.stringify(json)}` }
}

/** A server on this machine, for as long as `body` runs. */
async function withServer(listener: RequestListener, body: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('without any key all is well on recorded prices, what is not configured is a preview, and nothing is written', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    const files = readdirSync(home)
    const { of, ok } = await findingsOf(environment)
    assert.equal(ok, true)
    assert.match(of('market'), /^ok: csv:.*: SPY to 2024-03-22$/)
    assert.match(of('model'), /^preview: none configured: the cvar control decides; set OPENAI_API_KEY/)
    assert.match(of('journal'), /^ok: none yet; the first run makes it in /)
    assert.match(of('book'), /^ok: allocator: 21 instruments, EUR 10000$/)
    assert.match(of('discord'), /^preview: .*set DISCORD_TOKEN/)
    assert.match(of('x'), /^preview: .*set X_APP_KEY/)
    assert.deepEqual(readdirSync(home), files)
    await runJob('allocate', '2024-03-05', environment)
    assert.match((await findingsOf(environment)).of('journal'), /^ok: chain sound, 6 entries, head [0-9a-f]{16}$/)
  }))

test('a simulated market is sound on any day', () =>
  withFolder(async (home) => {
    const { of } = await findingsOf({ PRIMER_HOME: home, MARKET: 'simulated:3' })
    assert.match(of('market'), /^ok: simulated:3: SPY to 20\d\d-\d\d-\d\d$/)
  }))

test('a model server that lists the model, lacks it, refuses the key or is not there is told apart', () =>
  withFolder(async (home) => {
    const key = 'sk-doctor-0123456789abcdef'
    const environment = { ...climbingMarket(home), OPENAI_API_KEY: key, LLM_MODEL: 'local-model' }
    const listing: RequestListener = (request, response) => {
      const known = request.headers.authorization === `Bearer ${key}`
      response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
      const models = [{ id: 'local-model', object: 'model', created: 1, owned_by: 'me' }]
      response.end(JSON.stringify(known ? { object: 'list', data: models } : { error: { message: `no: ${key}` } }))
    }
    await withServer(listing, async (url) => {
      const listed = await findingsOf({ ...environment, OPENAI_BASE_URL: url })
      assert.match(listed.of('model'), /^ok: local-model is offered; USD 5 a day$/)
      const other = await findingsOf({ ...environment, OPENAI_BASE_URL: url, LLM_MODEL: 'other' })
      assert.match(other.of('model'), /^ok: other is not in the list/)
      const refused = await findingsOf({ ...environment, OPENAI_BASE_URL: url, OPENAI_API_KEY: `${key}0` })
      assert.match(refused.of('model'), /^failing: the key is refused: check OPENAI_API_KEY \(HTTP 401\)$/)
      for (const { printed } of [listed, other, refused]) assert(!printed.includes(key))
    })
    const gone = await findingsOf({ ...environment, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
    assert.match(gone.of('model'), /^failing: the server cannot be reached: check OPENAI_BASE_URL/)
    assert.equal(gone.ok, false)
  }))

test('what fails is said with its remedy and ends with 1; a password is not shown', () =>
  withFolder(async (home) => {
    const env = {
      MARKET: `csv:${join(home, 'nowhere')}`,
      DATABASE_URL: 'postgres://primer:secret-word@127.0.0.1:9/primer',
      DISCORD_BOT_TOKEN: 'secret-token',
    }
    const { code, stdout, stderr } = await primer(['doctor'], { home, env })
    assert.equal(code, 1)
    assert.match(stdout, /^failing +market .*nowhere does not exist; name a directory of SYMBOL\.csv files$/m)
    assert.match(stdout, /^failing +journal .*postgres:\/\/primer@127\.0\.0\.1:9\/primer failed/m)
    assert.match(
      stdout,
      /^missing +settings +DISCORD_BOT_TOKEN is not a setting of Primer; did you mean DISCORD_TOKEN\?$/m,
    )
    assert.doesNotMatch(stdout + stderr, /secret/)
  }))

test('Redis is found on PATH, missed with the command that installs it, or told not to answer without its password', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    const missing = await findingsOf({ ...environment, PATH: home })
    assert.match(missing.of('redis'), /^missing: no redis-server was found on PATH.*REDIS_URL/)
    assert.equal(missing.ok, true)
    writeFileSync(join(home, 'redis-server'), '', { mode: 0o755 })
    assert.match(
      (await findingsOf({ ...environment, PATH: home })).of('redis'),
      /^ok: .*redis-server is started by primer start/,
    )
    const away = await findingsOf({ ...environment, REDIS_URL: 'redis://:hunter2hunter2@127.0.0.1:9' })
    assert.match(away.of('redis'), /^failing: redis:\/\/127\.0\.0\.1:9 \(REDIS_URL\): connect ECONNREFUSED/)
    assert.doesNotMatch(away.printed, /hunter2/)
  }))
