import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { rowsOf } from '../support/primer.ts'
import { redisAbsent } from '../support/redis.ts'
import { playWithCrowd } from '../support/service-run.ts'
import { openWorld } from '../support/service-world.ts'

/** scripts/two-weeks.ts plays two whole weeks in the same way. Here: two sessions, the end of a week and of a month, New York's clocks set back, one session. */
const days = { from: '2025-10-30', to: '2025-11-03', market: { MARKET: 'simulated:1' } }

test('played back while people talk, every post is on each channel once, and everything said is on record once', {
  skip: redisAbsent,
  timeout: 120_000,
}, async () => {
  const world = await openWorld(days)
  try {
    const { posts, talk } = await playWithCrowd(world, { seed: 'ci', everyMs: 40, mostMs: 90_000 })
    // Three decisions, a weekly and a monthly report, and fills where there were any.
    assert(posts.posts >= 5 && posts.onX > posts.posts, JSON.stringify(posts))
    assert(talk['replies on Discord']! > 10 && talk['reactions that stand']! > 5, JSON.stringify(talk))
    assert(talk['slowest answer, ms']! < 3000)
    const decided = rowsOf(join(world.home, 'journal.db')).filter(({ kind }) => kind === 'decision')
    assert.deepEqual(
      decided.map(({ at }) => at.slice(0, 16)),
      // 16:21 in New York, before and after its clocks were set back.
      ['2025-10-30T20:21', '2025-10-31T20:21', '2025-11-03T21:21'],
    )
  } finally {
    await world.close()
  }
})
