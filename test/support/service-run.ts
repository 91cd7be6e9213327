import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { addDays } from '../../src/market/calendar.ts'
import { primer, rowsOf } from './primer.ts'
import { assertPosts, assertSound, assertTalk, type PostFigures, type TalkFigures } from './service-check.ts'
import { type Crowd, openCrowd } from './service-crowd.ts'
import { type Running, startService, type World, waitUntil } from './service-world.ts'

export type RunFigures = {
  readonly entries: number
  readonly posts: PostFigures
  readonly talk: TalkFigures
  readonly ms: number
  readonly mostMemoryMb: number
}

/** The service plays its days back while a crowd talks to it; then everything is compared. */
export async function playWithCrowd(
  world: World,
  options: { readonly seed: string; readonly everyMs: number; readonly mostMs: number },
): Promise<RunFigures> {
  const began = performance.now()
  const crowd = openCrowd(world, options.seed)
  const service = startService(world)
  await waitUntil(
    () => `it listens: ${service.said()}`,
    () => isListening(world),
    options.mostMs,
  )
  const end = crowd.begin(options.everyMs)
  await played(service, options.mostMs)
  await waitUntil('the crowd has said its part', crowd.hasSpoken, 60_000)
  end()
  const mostMemoryMb = memoryMb(service.pid)
  await finish(world, crowd, service)
  const entries = await assertSound(world)
  const posts = assertPosts(world)
  const talk = assertTalk(world, crowd, { mayMiss: false })
  return { entries, posts, talk, ms: Math.round(performance.now() - began), mostMemoryMb }
}

/** The first post is out and it is on record from where on people are heard: from now on nothing that they say is lost. */
export function isListening({ discord, home }: World): boolean {
  if (discord.gateway.sessions.size === 0 || discord.posts().length === 0) return false
  const database = new DatabaseSync(join(home, 'journal.db'), { readOnly: true })
  try {
    return database.prepare("SELECT 1 FROM cursors WHERE name = 'discord/messages'").get() !== undefined
  } finally {
    database.close()
  }
}

export async function played(service: Running, mostMs: number): Promise<void> {
  let over = false
  void service.ended.then(() => {
    over = true
  })
  await waitUntil(
    () => `the days are played: ${service.said().slice(-3000)}`,
    () => service.isPlayed() || over,
    mostMs,
  )
  assert(service.isPlayed(), `it ended before all was played: ${service.said().slice(-3000)}`)
}

/** After the last day: what X holds is collected, what is said is taken in, one person is forgotten, and the service ends. */
export async function finish(world: World, crowd: Crowd, service: Running): Promise<void> {
  const { home, env, days } = world
  const collected = await primer(
    // Of the next day, since X is asked once a day what was deleted there.
    ['run', 'collect', '--at', `${addDays(days.to, 1)}T23:00:00.000Z`],
    { home, env },
  )
  assert.equal(collected.code, 0, collected.stderr)
  await quiet(home)
  const { sent } = crowd.forget()
  await waitUntil('the person is forgotten', () => sent.shown !== null, 10_000)
  await quiet(home)
  const began = performance.now()
  const { code, stderr } = await service.stop()
  assert.equal(code, 0, stderr.slice(-3000))
  assert(performance.now() - began < 10_000, 'it ends within ten seconds')
  assert(!existsSync(join(home, 'redis', 'r.sock')), `its Redis ended with it after ${days.to}`)
}

/** Nothing has been written for a while. */
async function quiet(home: string): Promise<void> {
  let [count, since] = [-1, performance.now()]
  await waitUntil(
    'nothing is written any more',
    () => {
      const now = rowsOf(join(home, 'journal.db')).length
      if (now !== count) [count, since] = [now, performance.now()]
      return performance.now() - since > 1500
    },
    60_000,
  )
}

/** Most memory that a process had at once, in MB; NaN where the system does not tell. */
export function memoryMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024)
  } catch {
    return Number.NaN
  }
}
