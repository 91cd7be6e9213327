import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { ConfigError, WorldError } from '../errors.ts'
import { findRedisServer, redisMissing } from './redis-binary.ts'
import { type PrivateRedis, privateRedis } from './redis-child.ts'
import { addressOf, askRedis, openClient, placeOf, type RedisAddress, whyNoRedis } from './redis-client.ts'
import { isGone, workerName } from './worker.ts'

/** The oldest server that the queue works with. */
const oldest = [6, 2] as const
const answerMostMs = 10_000
const beatMs = 1000
/** A service that has not been heard of for so long is taken to be gone. */
const aliveMs = 12_000
const closeMostMs = 2500

/** A task that one service at a time has, such as the connection to Discord. */
export type Leadership = {
  readonly isMine: () => boolean
  /** Asks for it no longer, and leaves it to others at once. */
  readonly leave: () => Promise<void>
}

export type Redis = {
  readonly address: RedisAddress
  /** Where it is, without password. */
  readonly place: string
  readonly isPrivate: boolean
  readonly isUp: () => boolean
  /** Called each time it answers on a new connection, after which it may be empty. */
  readonly onBack: (listener: () => void) => void
  /** Asks for a task until it is had. While Redis is away, whoever had it keeps it. */
  readonly lead: (task: string, onChange: (isMine: boolean) => void) => Leadership
  /** Ends a private server unless another service uses it. Takes at most three seconds. */
  readonly close: () => Promise<void>
}

/**
 * Redis for the queue: the one of REDIS_URL, or a private one of this home, which is started again whenever it ends.
 *
 * @param prefix of the keys, as the queue's
 * @throws ConfigError when there is neither an address nor a program to start, WorldError when the address does not answer
 */
export async function openRedis(
  config: Config,
  options: {
    readonly environment: Readonly<Record<string, string | undefined>>
    readonly prefix: string
    readonly say: (line: string) => void
  },
): Promise<Redis> {
  const own =
    config.redisUrl === null ? privateRedis(config.home, findRedisServer(options.environment), redisMissing) : null
  const address = own === null ? addressOf(config.redisUrl!) : { path: own.socket }
  if (own === null) await awaitAnswer(address)
  else {
    const how = await own.ensure()
    if (how === 'adopted') options.say(`Redis of this home runs already (${own.socket}); it is used on`)
  }
  await refuseOld(address)
  return watched(address, own, options)
}

async function awaitAnswer(address: RedisAddress): Promise<void> {
  const late = Date.now() + answerMostMs
  for (;;) {
    const because = await whyNoRedis(address)
    if (because === null || because.startsWith('LOADING')) return
    if (/WRONGPASS|NOAUTH|invalid (username|password)/i.test(because)) {
      throw new ConfigError(`Redis at ${placeOf(address)} refuses the user or password of REDIS_URL`)
    }
    if (Date.now() > late) {
      const advice = 'start it, or leave REDIS_URL empty for a private one'
      throw new WorldError(`Redis at ${placeOf(address)} (REDIS_URL) does not answer: ${because}; ${advice}`, {
        retryable: true,
      })
    }
    await setTimeout(250)
  }
}

async function refuseOld(address: RedisAddress): Promise<void> {
  const answer = await askRedis(address)
  if (answer === null || answer === 'loading') return
  const [major = 0, minor = 0] = answer.version.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  throw new ConfigError(
    `Redis at ${placeOf(address)} is version ${answer.version}; the queue needs ${oldest.join('.')} or later`,
  )
}

/** Takes the task where nobody has it or its holder is asked for; keeps it where it is ours. */
const takeOrKeep = `
local owner = redis.call('get', KEYS[1])
if not owner or owner == ARGV[1] or owner == ARGV[3] then
  redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return ARGV[1]
end
return owner`

/** Leaves the task to others where it is ours. */
const leaveOwn = `
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
return 1`

function watched(
  address: RedisAddress,
  own: PrivateRedis | null,
  { prefix, say }: { readonly prefix: string; readonly say: (line: string) => void },
): Redis {
  const client = openClient(address)
  const name = workerName()
  const backs: (() => void)[] = []
  const tasks = new Map<string, { mine: boolean; readonly onChange: (isMine: boolean) => void }>()
  let up = true
  let closed = false
  // Each connection counts: a Redis that came back within a moment may still have come back empty.
  let connections = 0
  client.on('ready', () => {
    connections += 1
  })
  const serviceKey = (who: string) => `${prefix}:service:${who}`
  const leaderKey = (task: string) => `${prefix}:leader:${task}`

  async function beat(): Promise<void> {
    if (client.status !== 'ready') await client.ping()
    await client.set(serviceKey(name), '1', 'PX', aliveMs)
    for (const [task, held] of tasks) {
      const key = leaderKey(task)
      const owner = await client.get(key)
      const gone = owner !== null && owner !== name && isGone(owner) ? owner : ''
      const now = (await client.eval(takeOrKeep, 1, key, name, aliveMs, gone)) === name
      // Left while it was asked for.
      if (!tasks.has(task)) await client.eval(leaveOwn, 1, key, name)
      if (now === held.mine || closed || !tasks.has(task)) continue
      held.mine = now
      held.onChange(now)
    }
  }

  async function revive(): Promise<void> {
    if (own === null || (await own.answers())) return
    say('Redis of this home has ended; it is started again')
    await own.ensure()
  }

  const watching = (async () => {
    let failures = 0
    let greeted = 0
    while (!closed) {
      try {
        await beat()
        if (!up) say(`Redis at ${placeOf(address)} answers again`)
        up = true
        if (connections > greeted && greeted > 0) for (const back of backs) back()
        greeted = connections
        failures = 0
      } catch (error) {
        if (closed) break
        failures += 1
        // A connection that is only just being made is no loss.
        if (up && failures > 2) {
          up = false
          say(`Redis at ${placeOf(address)} does not answer (${(error as Error).message}); the rest goes on, jobs wait`)
        }
        if (failures > 1)
          await revive().catch((cause: unknown) => say(`Redis was not started: ${(cause as Error).message}`))
      }
      await setTimeout(up ? beatMs : Math.min(250 * failures, 5000), undefined, { ref: false })
    }
  })()
  watching.catch(() => {})

  return {
    address,
    place: placeOf(address),
    isPrivate: own !== null,
    isUp: () => up,
    onBack: (listener) => backs.push(listener),
    lead: (task, onChange) => {
      const held = { mine: false, onChange }
      tasks.set(task, held)
      return {
        isMine: () => held.mine,
        leave: async () => {
          tasks.delete(task)
          held.mine = false
          await client.eval(leaveOwn, 1, leaderKey(task), name).catch(() => {})
        },
      }
    },
    close: async () => {
      closed = true
      const leave = async () => {
        for (const task of tasks.keys()) await client.eval(leaveOwn, 1, leaderKey(task), name)
        await client.del(serviceKey(name))
        const others = (await client.keys(serviceKey('*'))).map((key) => key.slice(serviceKey('').length))
        // The server closes the connection instead of answering.
        if (own !== null && others.every(isGone)) await client.shutdown().catch(() => {})
      }
      const done = await Promise.race([
        leave().then(
          () => true,
          () => false,
        ),
        setTimeout(closeMostMs, false, { ref: false }),
      ])
      client.disconnect()
      if (!done && own !== null && !(await own.answers())) own.kill()
    },
  }
}
