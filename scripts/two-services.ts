import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { withPostgres } from '../test/support/database.ts'
import { playInPair } from '../test/support/service-pair.ts'
import { daysOf } from '../test/support/service-world.ts'

/**
 * Two services on one journal: `PRIMER_TEST_POSTGRES=postgres://... node scripts/two-services.ts [--rounds 3]`. Each round plays
 * two weeks back on an empty PostgreSQL and Redis; whoever is sending first ends in order, and whoever is sending once a third has
 * begun is killed. It stops at the first post that is missing, doubled or late, and prints how long the other waited.
 */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) {
  process.stderr.write('two-services: --rounds is a whole number from 1\n')
  process.exit(2)
}
for (let round = 1; round <= rounds; round++) {
  await withPostgres(async (database) => {
    const { endMs, afterEndMs, afterKillMs, entries } = await playInPair(database, {
      days: daysOf('simulated'),
      kill: true,
    })
    assert(afterEndMs < 15_000 && afterKillMs! < 20_000, `the other waited ${afterEndMs} and ${afterKillMs} ms`)
    process.stdout.write(
      `${entries} entries, every post once; ended within ${endMs} ms, the next post ${afterEndMs} ms later; killed, its message settled ${afterKillMs} ms later\n`,
    )
  })
}
