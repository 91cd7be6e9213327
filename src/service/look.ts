import { jobs } from '../../jobs/index.ts'
import type { Depth } from '../adapters/queue.ts'
import { privateSocket } from '../adapters/redis-child.ts'
import { addressOf, askRedis, type RedisAddress } from '../adapters/redis-client.ts'
import type { Config } from '../config.ts'
import { dueAfter } from '../schedule.ts'
import type { Instant } from '../units.ts'
import { prefixOf } from './open-service.ts'

/** Where the queue of a service with these settings lies. */
export function queueAddress(config: Config): RedisAddress {
  return config.redisUrl === null ? { path: privateSocket(config.home) } : addressOf(config.redisUrl)
}

/** What lies in the queue now; null when no Redis answers, as when no service runs. Looks from outside and changes nothing. */
export async function queueDepth(config: Config): Promise<Depth | null> {
  const address = queueAddress(config)
  if ((await askRedis(address)) === null) return null
  const { openQueues } = await import('../adapters/queue.ts')
  const queues = await openQueues({ address, prefix: prefixOf(config) })
  try {
    return await queues.depth()
  } catch {
    return null
  } finally {
    await queues.close(1000)
  }
}

/** When each job is due next by its schedules, holidays not considered. */
export function nextRuns(config: Config, now: Instant): readonly { readonly job: string; readonly next: Instant }[] {
  return jobs.flatMap((job) => {
    const next = job
      .schedule(config)
      .map((schedule) => dueAfter(schedule, now))
      .sort()[0]
    return next === undefined ? [] : [{ job: job.name, next }]
  })
}
