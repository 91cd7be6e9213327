import { findRedisServer, redisMissing } from '../../adapters/redis-binary.ts'
import { addressOf, askRedis, placeOf, whyNoRedis } from '../../adapters/redis-client.ts'
import type { Config } from '../../config.ts'
import { queueAddress } from '../../service/look.ts'
import type { CommandIo } from '../command.ts'
import type { Finding } from './finding.ts'

/** The queue's Redis: reachable where REDIS_URL names one, else whether there is a program to start. */
export async function checkRedis(config: Config, environment: CommandIo['environment']): Promise<Finding> {
  const check = 'redis'
  if (config.redisUrl !== null) {
    const address = addressOf(config.redisUrl)
    const because = await whyNoRedis(address)
    return because === null
      ? { check, state: 'ok', detail: `${placeOf(address)} answers` }
      : {
          check,
          state: 'failing',
          detail: `${placeOf(address)} (REDIS_URL): ${because}; start it or check the address`,
        }
  }
  const running = await askRedis(queueAddress(config))
  if (running !== null)
    return { check, state: 'ok', detail: 'the private one of this home is running: a service runs, or crashed' }
  const binary = findRedisServer(environment)
  return binary === null
    ? { check, state: 'missing', detail: `${redisMissing()}. Only primer start needs it` }
    : { check, state: 'ok', detail: `${binary} is started by primer start, for this home alone` }
}
