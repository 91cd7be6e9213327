import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkX } from '../../src/commands/doctor/doctor-x.ts'
import { readConfig } from '../../src/config.ts'
import { withFolder } from '../support/database.ts'
import { FakeChannel, render, SystemTime, somePost, startWorker } from '../support/outbox.ts'
import { startXServer, type XServer } from '../support/x-server.ts'

async function withX(
  body: (
    x: XServer,
    found: (change?: Readonly<Record<string, string>>) => Promise<readonly string[]>,
    home: string,
  ) => Promise<void>,
): Promise<void> {
  await withFolder(async (home) => {
    const x = await startXServer()
    const environment = {
      PRIMER_HOME: home,
      X_API_URL: x.url,
      X_APP_KEY: x.keys.appKey,
      X_APP_SECRET: x.keys.appSecret,
      X_ACCESS_TOKEN: x.keys.accessToken,
      X_ACCESS_SECRET: x.keys.accessSecret,
    }
    try {
      await body(
        x,
        async (change = {}) => {
          const findings = await checkX(readConfig({ ...environment, ...change }))
          const lines = findings.map(({ check, state, detail }) => `${state} ${check}: ${detail}`)
          for (const secret of Object.values(x.keys)) assert(!lines.join().includes(secret))
          return lines
        },
        home,
      )
    } finally {
      await x.close()
    }
  })
}

test('doctor says who posts on X, that it may, and what is left', () =>
  withX(async (x, found, home) => {
    assert.deepEqual(await found(), [
      'ok x: @primer_bot, keys accepted, may read and write',
      'ok x quota: 10 posts a day, 150 a month; USD 0.250 of 0.25 left to read today',
    ])
    assert.deepEqual(x.own(), [])
    const worker = await startWorker(home, new SystemTime())
    const now = new Date().toISOString()
    await render(worker, somePost('the week', 3, { purpose: 'weekly' }), { at: now })
    await worker.publish([new FakeChannel('x')], now)
    await worker.journal.close()
    assert.match(
      (await found())[1]!,
      /^ok x quota: 7 of 10 posts left today, 147 of 150 this month \(USD 0\.0[45] so far\)/,
    )
  }))

test('doctor tells each way in which X may be out of reach, and the clicks that mend it', () =>
  withX(async (x, found) => {
    assert.match(
      (await found({ X_APP_SECRET: 'another-one' }))[0]!,
      /^failing x: the keys are refused .*Keys and tokens, regenerate/,
    )
    x.writable = false
    assert.match(
      (await found())[0]!,
      /^failing x: @primer_bot may read and not post: .*App permissions: Read and write/,
    )
    x.writable = true
    const once = { path: /me$/ }
    x.fail(once, { kind: 'status', status: 402 })
    assert.match((await found())[0]!, /^failing x: out of credit .*buy credits/)
    x.fail(once, { kind: 'status', status: 403 })
    assert.match((await found())[0]!, /^failing x: the app may not do this/)
    x.fail(once, { kind: 'status', status: 429 })
    assert.match((await found())[0]!, /^failing x: too many requests .*try again after 20/)
    x.fail(once, { kind: 'status', status: 503, body: '<html>' })
    assert.match((await found())[0]!, /^failing x: X fails \(HTTP 503\): try again later/)
    x.fail(once, { kind: 'status', status: 200, body: '<html>another server</html>' })
    assert.match((await found())[0]!, /^failing x: what answers is not X: check X_API_URL/)
    await x.stop()
    assert.match((await found())[0]!, /^failing x: X cannot be reached \(no connection \(ECONNREFUSED\)\)/)
    assert.match((await found({ X_ACCESS_SECRET: '' }))[0]!, /^preview x: not configured: .*set X_APP_KEY/)
  }))
