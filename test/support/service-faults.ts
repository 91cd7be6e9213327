import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { ChainRow } from '../../src/journal/chain.ts'
import { randomFrom, randomInt } from '../../src/random.ts'
import { assertSameRows, lessAttempts } from './kill-run.ts'
import { rowsOf } from './primer.ts'
import { assertPosts, assertSound, assertTalk, bookRows } from './service-check.ts'
import { openCrowd } from './service-crowd.ts'
import { finish, isListening, played } from './service-run.ts'
import { type Days, killRedis, openWorld, startService, type World, waitUntil } from './service-world.ts'

/** What befalls the running service. */
export const faultKinds = [
  'service killed',
  'Redis killed',
  'service and Redis killed',
  'gateway cut',
  'gateway refused',
] as const
type FaultKind = (typeof faultKinds)[number]

export type FaultPlan = {
  readonly days: Days
  /** Faults in all, spread over as many runs as it takes. */
  readonly kills: number
  readonly seed: string
  /** Longest time between two faults. */
  readonly gapMs: number
  /** How often the crowd does something. */
  readonly everyMs: number
  readonly mostMs: number
  readonly say?: (line: string) => void
}

export type FaultFigures = {
  readonly kills: Readonly<Record<string, number>>
  readonly runs: number
  /** How many kills came after an entry of which kind was written last. */
  readonly after: Readonly<Record<string, number>>
  /** Sums over all runs. */
  readonly compared: Readonly<Record<string, number>>
}

/**
 * Two weeks over and over, with faults at random moments and the service started again at once, until there were enough. After
 * each run everything is compared with an undisturbed one: the books entry by entry (`lessAttempts` says what may differ),
 * posts with what stands on the channels, and what the crowd said with what was kept of it.
 */
export async function faultRun(plan: FaultPlan): Promise<FaultFigures> {
  const say = plan.say ?? (() => {})
  const wanted = await undisturbed(plan)
  const kills: Record<string, number> = {}
  const after: Record<string, number> = {}
  const compared: Record<string, number> = {}
  const add = (to: Record<string, number>, name: string, count = 1) => {
    to[name] = (to[name] ?? 0) + count
  }
  const total = () => Object.values(kills).reduce((sum, count) => sum + count, 0)
  let runs = 0
  while (total() < plan.kills) {
    runs += 1
    const world = await openWorld(plan.days, { LOG_LEVEL: 'info' })
    // As slow as the real ones, so that faults fall between a post and the word that it is there.
    world.discord.state.answerMs = 300
    world.x.answerMs = 300
    try {
      await oneRun(world, plan, `${plan.seed}/${runs}`, (kind, last) => {
        add(kills, kind)
        add(after, last)
        say(`${total()}: ${kind}, after ${last}`)
        return total() < plan.kills
      })
      const rows = rowsOf(join(world.home, 'journal.db'))
      assertSameRows(lessAttempts(bookRows(rows)), lessAttempts(bookRows(wanted)))
      add(compared, 'entries of books', lessAttempts(bookRows(rows)).length)
      add(compared, 'fills', fillsIn(rows))
      add(compared, 'posts found on a channel after a fault', rows.filter(isFound).length)
      say(`run ${runs}: as undisturbed`)
      for (const [name, count] of Object.entries(await checked(world))) add(compared, name, count)
    } catch (error) {
      say(`run ${runs} failed; its folder: ${await kept(world)}`)
      throw error
    } finally {
      await world.close()
    }
  }
  return { kills, runs, after, compared }

  async function checked(world: World): Promise<Record<string, number>> {
    const crowd = crowds.get(world)!
    const entries = await assertSound(world)
    const { posts, onDiscord, onX } = assertPosts(world, { mayMiss: true })
    const talk = assertTalk(world, crowd, { mayMiss: true })
    const { 'slowest answer, ms': _, ...counts } = talk
    return { entries, posts, 'posts on Discord': onDiscord, 'texts on X': onX, ...counts }
  }
}

const crowds = new WeakMap<World, ReturnType<typeof openCrowd>>()

async function undisturbed({ days, mostMs }: FaultPlan): Promise<readonly ChainRow[]> {
  const world = await openWorld(days)
  const service = startService(world)
  try {
    await played(service, mostMs)
    await service.stop()
    return rowsOf(join(world.home, 'journal.db'))
  } finally {
    service.kill()
    await service.ended
    await world.close()
  }
}

/** @param told called for each fault with the kind of the last entry by then; answers whether there may be more */
async function oneRun(
  world: World,
  plan: FaultPlan,
  seed: string,
  told: (kind: FaultKind, last: string) => boolean,
): Promise<void> {
  const random = randomFrom('faults', seed)
  const crowd = openCrowd(world, seed)
  crowds.set(world, crowd)
  let stopCrowd = null as (() => void) | null
  const listening = setInterval(() => {
    if (stopCrowd === null && isListeningYet(world)) stopCrowd = crowd.begin(plan.everyMs)
  }, 50)
  let service = startService(world)
  try {
    const late = Date.now() + plan.mostMs
    for (let more = true; more; ) {
      const at = Date.now() + 100 + random() * plan.gapMs
      // One in three between a post and the word that it is there, which chance alone would seldom hit.
      const sent = random() < 1 / 3 ? sends(world) : null
      await waitUntil(
        () => `a fault is due: ${service.said().slice(-2000)}`,
        () => (sent === null ? Date.now() >= at : sends(world) > sent || Date.now() > at + 5000) || service.isPlayed(),
        60_000,
      )
      if (service.isPlayed()) break
      assert(Date.now() < late, `the run is not through: ${service.said().slice(-3000)}`)
      const kind = kindOf(random())
      const last = lastKind(world.home)
      if (kind === 'gateway cut') world.discord.drop()
      if (kind === 'gateway refused') world.discord.refuse(200 + randomInt(random, 2000))
      if (kind.includes('service')) service.kill()
      const had = !kind.includes('Redis') || killRedis(world.home)
      more = told(kind === 'service and Redis killed' && !had ? 'service killed' : kind, last)
      if (kind.includes('service')) {
        const { code, signal, stderr } = await service.ended
        assert.equal(signal, 'SIGKILL', `it ended by itself with ${code}: ${stderr.slice(-3000)}`)
        service = startService(world)
      }
    }
    await played(service, plan.mostMs)
    // Faults may have held up the first post, and with it the crowd, until the days were over.
    await waitUntil('the crowd has said its part', crowd.hasSpoken, 60_000)
    stopCrowd!()
    clearInterval(listening)
    await waitUntil('it is connected', () => world.discord.gateway.sessions.size > 0, 60_000)
    await finish(world, crowd, service)
  } finally {
    clearInterval(listening)
    stopCrowd?.()
    service.kill()
    await service.ended
  }
}

function kindOf(chance: number): FaultKind {
  if (chance < 0.5) return 'service killed'
  if (chance < 0.65) return 'Redis killed'
  if (chance < 0.75) return 'service and Redis killed'
  return chance < 0.9 ? 'gateway cut' : 'gateway refused'
}

/** Posts that stand on any channel. */
function sends({ discord, x }: World): number {
  return discord.posts().filter(({ embeds }) => embeds.length > 0).length + x.own().length
}

function isListeningYet(world: World): boolean {
  try {
    return isListening(world)
  } catch {
    // There is no journal yet, or it is being made.
    return false
  }
}

function lastKind(home: string): string {
  try {
    return rowsOf(join(home, 'journal.db')).at(-1)?.kind ?? 'nothing'
  } catch {
    return 'nothing'
  }
}

function fillsIn(rows: readonly ChainRow[]): number {
  return rows
    .filter(({ kind }) => kind === 'session')
    .reduce((sum, { body }) => sum + (JSON.parse(body) as { events: { fills: unknown[] } }).events.fills.length, 0)
}

function isFound({ kind, body }: ChainRow): boolean {
  return kind === 'posted' && (JSON.parse(body) as { how: string }).how === 'found'
}

async function kept({ home }: World): Promise<string> {
  const { cpSync } = await import('node:fs')
  const folder = `${home}-failed`
  cpSync(home, folder, { recursive: true, filter: (file) => !file.endsWith('.sock') })
  return folder
}
