import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ChainRow } from '../../src/journal/chain.ts'
import type { PostingEntry, ReleasedEntry } from '../../src/journal/outbox-entry.ts'
import type { TestDatabase } from './database.ts'
import { openRedis } from './redis.ts'
import { assertPosts } from './service-check.ts'
import { type Days, openWorld, type Running, startService, type World, waitUntil } from './service-world.ts'

/**
 * Words before a program that give its machine another name, so that nobody can tell whether it still runs; none where that is
 * not allowed.
 */
const elsewhere =
  spawnSync('unshare', ['--uts', 'hostname', 'elsewhere']).status === 0
    ? ['unshare', '--uts', 'sh', '-c', 'hostname elsewhere && exec "$0" "$@"']
    : []

export type PairFigures = {
  /** From SIGTERM to the end of the process, in milliseconds. */
  readonly endMs: number
  /** From there to the next post of the other. */
  readonly afterEndMs: number
  /** From SIGKILL until the other has settled what was being sent; null where none was killed. */
  readonly afterKillMs: number | null
  readonly entries: number
}

/**
 * Two services as of two machines play the same days on one PostgreSQL and one Redis. Whoever is sending first is told to end; with
 * `kill`, a third takes its place, and whoever is sending then is killed. The last one plays on, and everything stands on both
 * channels once.
 */
export async function playInPair(
  database: TestDatabase,
  { days, kill }: { readonly days: Days; readonly kill: boolean },
): Promise<PairFigures> {
  const redis = await openRedis()
  const world = await openWorld(days, { DATABASE_URL: database.url, REDIS_URL: redis.url })
  // As slow as the real ones can be.
  world.x.answerMs = 500
  world.discord.state.answerMs = 500
  const running: Service[] = []
  const start = (name: string, under: readonly string[] = []): Service => {
    const home = join(world.home, name)
    mkdirSync(home)
    const service = { ...startService(world, { PRIMER_HOME: home }, under), name, under }
    running.push(service)
    return service
  }
  const said = () => running.map((service) => `${service.name}: ${service.said().slice(-2000)}`).join('\n')
  const claims = async () => openClaims(await rowsOf(database).catch(() => []))

  /** Whoever is sending, once somebody is. */
  async function sender(): Promise<Service> {
    let found: Service | undefined
    const look = async () => {
      const pids = [...(await claims()).values()]
      found = running.find(({ pid }) => pids.includes(pid))
      return found !== undefined
    }
    await waitUntil(() => `somebody sends: ${said()}`, look, 30_000)
    return found!
  }

  /** @returns how long until something more stands on a channel, in milliseconds */
  async function untilMore(): Promise<number> {
    const [count, began] = [onChannels(world), performance.now()]
    await waitUntil(
      () => `more is posted: ${said()}`,
      () => onChannels(world) > count,
      30_000,
    )
    return Math.round(performance.now() - began)
  }

  try {
    const pair = [start('first'), start('second', elsewhere)]
    const ending = await sender()
    const began = performance.now()
    const { code, stderr } = await ending.stop()
    const endMs = Math.round(performance.now() - began)
    assert.equal(code, 0, stderr.slice(-3000))
    assert(endMs < 10_000, `${endMs} ms`)
    assert(![...(await claims()).values()].includes(ending.pid), 'whoever ends leaves no claim')
    const afterEndMs = await untilMore()

    let last = pair.find((service) => service !== ending)!
    let afterKillMs: number | null = null
    if (kill) {
      // On its own machine somebody who was killed is known to be gone; from another, only time shows it.
      const third = start('third', last.under)
      await waitUntil(
        () => `it works: ${said()}`,
        () => /plays 2/.test(third.said()),
        30_000,
      )
      const killed = await sender()
      killed.kill()
      await killed.ended
      const died = performance.now()
      await waitUntil(
        () => `its claim is settled: ${said()}`,
        async () => ![...(await claims()).values()].includes(killed.pid),
        30_000,
      )
      afterKillMs = Math.round(performance.now() - died)
      if (killed === last) last = third
    }
    await waitUntil(
      () => `all is played: ${said()}`,
      () => last.isPlayed(),
      60_000,
    )
    assert.equal((await last.stop()).code, 0)
    const rows = await rowsOf(database)
    assert.deepEqual([...openClaims(rows).keys()], [])
    assertPosts(world, { mayMiss: true }, rows)
    return { endMs, afterEndMs, afterKillMs, entries: rows.length }
  } finally {
    for (const service of running) service.kill()
    await Promise.all(running.map(({ ended }) => ended))
    await world.close()
    await redis.remove()
  }
}

type Service = Running & { readonly name: string; readonly under: readonly string[] }

async function rowsOf(database: TestDatabase): Promise<readonly ChainRow[]> {
  const rows = await database.run('SELECT seq, at, kind, book, body, "previousHash", hash FROM entries ORDER BY seq')
  return rows.map((row) => ({ ...row, seq: Number(row.seq) })) as unknown as readonly ChainRow[]
}

/** Claims of which the journal does not say how they ended, and the process of each. */
function openClaims(rows: readonly ChainRow[]): ReadonlyMap<string, number> {
  const open = new Map<string, number>()
  for (const { kind, body } of rows) {
    if (kind !== 'posting' && kind !== 'posted' && kind !== 'released') continue
    const entry = JSON.parse(body) as PostingEntry | ReleasedEntry
    const claim = `${entry.channel}/${entry.post}/${entry.part}`
    if ('worker' in entry) open.set(claim, Number(entry.worker.split(':')[1]))
    else open.delete(claim)
  }
  return open
}

/** What stands on both channels. */
function onChannels({ discord, x }: World): number {
  return discord.posts().filter(({ embeds }) => embeds.length > 0).length + x.own().length
}
