import { parseArgs } from 'node:util'
import { playWithCrowd } from '../test/support/service-run.ts'
import { daysOf, openWorld } from '../test/support/service-world.ts'

/**
 * `node scripts/two-weeks.ts [--days recorded|simulated] [--seed 1]`: the service plays two weeks back while people talk to it on
 * Discord and X, each a server on this machine. Afterwards every post, reply, reaction and answer is compared with what the
 * journal has of it. It stops at the first difference, and prints what was compared.
 */
const { values } = parseArgs({
  options: { days: { type: 'string', default: 'recorded' }, seed: { type: 'string', default: '1' } },
})
const world = await openWorld(daysOf(values.days))
try {
  const { entries, posts, talk, ms, mostMemoryMb } = await playWithCrowd(world, {
    seed: values.seed,
    everyMs: 60,
    mostMs: 900_000,
  })
  const figures = {
    'entries of the journal, verified': entries,
    posts: posts.posts,
    'posts on Discord': posts.onDiscord,
    'texts on X': posts.onX,
    ...talk,
    'most memory of the service, MB': mostMemoryMb,
    seconds: Math.round(ms / 1000),
  }
  process.stdout.write(`| two weeks (${world.days.from} to ${world.days.to}) | |\n|---|---|\n`)
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`| ${name} | ${value} |\n`)
} finally {
  await world.close()
}
