import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redisAbsent } from '../support/redis.ts'
import { faultRun } from '../support/service-faults.ts'

/** scripts/fault-run.ts does the same over two weeks, for as many faults as it is told. */
test('killed, its Redis killed and its gateway cut at random moments, it loses and doubles nothing', {
  skip: redisAbsent,
  timeout: 240_000,
}, async () => {
  const { kills, compared } = await faultRun({
    days: { from: '2025-10-30', to: '2025-10-31', market: { MARKET: 'simulated:1' } },
    kills: 4,
    seed: 'ci',
    gapMs: 3000,
    everyMs: 60,
    mostMs: 120_000,
  })
  assert.equal(
    Object.values(kills).reduce((sum, count) => sum + count, 0),
    4,
  )
  // Two decisions, a week and a month.
  assert(compared.posts! >= 4 && compared['replies on Discord']! > 5, JSON.stringify(compared))
})
