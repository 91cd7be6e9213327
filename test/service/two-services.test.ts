import assert from 'node:assert/strict'
import { onPostgres } from '../support/database.ts'
import { redisAbsent } from '../support/redis.ts'
import { playInPair } from '../support/service-pair.ts'

const days = { from: '2025-10-30', to: '2025-10-31', market: { MARKET: 'simulated:1' } }

// scripts/two-services.ts kills one of them as well, which takes longer.
if (redisAbsent === false) {
  onPostgres(
    'of two services on one journal one ends while it sends, and the other goes on at once and posts all once',
    async (database) => {
      const { afterEndMs } = await playInPair(database, { days, kill: false })
      assert(afterEndMs < 15_000, `${afterEndMs} ms`)
    },
  )
}
