import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { primer, type Ran, rowsOf } from '../support/primer.ts'
import { redisAbsent } from '../support/redis.ts'
import { assertPosts, assertSound } from '../support/service-check.ts'
import { openWorld, startService, type World, waitUntil } from '../support/service-world.ts'

const options = { skip: redisAbsent, timeout: 120_000 }
const market = { MARKET: 'simulated:1' }
const oneDay = { from: '2025-10-30', to: '2025-10-30', market }

async function inWorld(days: World['days'], body: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(days)
  try {
    await body(world)
  } finally {
    await world.close()
  }
}

function play({ home, env, days }: World, more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return primer(['start', '--from', days.from, '--to', days.to], { home, env: { ...env, ...more } })
}

const kindsIn = (home: string, kind: string) => rowsOf(join(home, 'journal.db')).filter((row) => row.kind === kind)

test(
  'whatever Discord refuses at the start is one line that says what to click, X gets its posts, and once it is mended Discord does too',
  options,
  () =>
    inWorld(oneDay, async (world) => {
      const { discord, x } = world
      const refused = async (wanted: RegExp, more: Readonly<Record<string, string>> = {}) => {
        const { code, stderr } = await play(world, more)
        assert.equal(code, 0, stderr)
        assert.match(stderr, wanted)
        assert.equal(discord.posts().length, 0)
        assert.equal(x.own().length, 1, 'the decision is on X, once')
        assert(!stderr.includes(more.DISCORD_TOKEN ?? world.env.DISCORD_TOKEN!), 'no token in a line')
      }
      await refused(/Discord refuses the token: Developer Portal, .*Reset Token/, {
        DISCORD_TOKEN: 'wrong.token.0123456789',
      })
      await refused(/Discord knows no such channel \(10003\): .*Copy Channel ID/, {
        DISCORD_CHANNEL_ID: '123456789012345678',
      })
      discord.state.messageContent = false
      const { code, stderr } = await play(world)
      assert.equal(code, 0, stderr)
      assert.match(stderr, /Message Content Intent/)
      assert.deepEqual(assertPosts(world), { posts: 1, onDiscord: 1, onX: 1 })
      await assertSound(world)
    }),
)

test(
  'a token that is revoked while it runs holds up neither days nor X, and what was said meanwhile is found',
  options,
  () =>
    inWorld({ from: '2025-10-30', to: '2025-10-31', market }, async (world) => {
      const { discord, home } = world
      const service = startService(world)
      await waitUntil(
        () => `the first post is out: ${service.said()}`,
        () => discord.state.threadsOf(discord.settings().channelId).length > 0,
        60_000,
      )
      discord.state.tokenRevoked = true
      discord.gateway.closeWith(4004)
      await waitUntil(
        () => `all is played: ${service.said()}`,
        () => service.isPlayed(),
        90_000,
      )
      const said = discord.userSays('Are you still there?', { replyTo: discord.posts()[0]!.id })
      assert.equal((await service.stop()).code, 0)
      assert.equal(discord.posts().length, 1)
      assert.match(service.said(), /Discord refuses the token/)

      discord.state.tokenRevoked = false
      const again = startService(world)
      await waitUntil(
        () => `the reply is kept: ${again.said()}`,
        () => kindsIn(home, 'reply').length === 1,
        60_000,
      )
      await waitUntil(
        () => `all is played: ${again.said()}`,
        () => again.isPlayed(),
        60_000,
      )
      assert.equal((await again.stop()).code, 0)
      assertPosts(world)
      assert(discord.message(said.id) !== undefined)
    }),
)

test(
  'a model that is down leaves a day without a decision, and what X does not take for a while is there once when it does',
  options,
  () =>
    inWorld(oneDay, async (world) => {
      const { x, discord, home } = world
      await world.model.close()
      // Out of reach, then performed without saying so, then out of order, then out of patience.
      await x.stop()
      setTimeout(() => void x.start(), 4000)
      const storm = { method: 'POST', path: /^\/2\/tweets$/ }
      x.fail(storm, { kind: 'status', status: 503, performed: true })
      x.fail(storm, { kind: 'status', status: 503 })
      const reset = String(Math.ceil(Date.now() / 1000) + 8)
      x.fail(storm, { kind: 'status', status: 429, headers: { 'x-rate-limit-reset': reset } }, 2)
      const { code, stderr } = await play(world)
      assert.equal(code, 0, stderr)
      const [missed] = kindsIn(home, 'decision').map(({ body }) => JSON.parse(body) as { outcome: string })
      assert.equal(missed!.outcome, 'no-decision')
      assert.match(JSON.stringify(discord.posts()[0]!.embeds), /No decision/i)
      assert.match(x.own()[0]!.text, /No decision/i)
      assert.deepEqual(assertPosts(world), { posts: 1, onDiscord: 1, onX: 1 })
    }),
)
