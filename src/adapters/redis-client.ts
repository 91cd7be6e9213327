import { Redis as Client } from 'ioredis'

/** Where a Redis is: a socket, or an address that may carry a password. */
export type RedisAddress = { readonly path: string } | { readonly url: string }

/** Connections come back within a second: a longer pause would let a worker's closing hang (taskforcesh/bullmq 4656). */
export const retryStrategy = (times: number): number => Math.min(50 * times, 1000)

/** The address of a REDIS_URL. Example: addressOf('unix:/run/redis.sock') -> { path: '/run/redis.sock' } */
export function addressOf(redisUrl: string): RedisAddress {
  return redisUrl.startsWith('unix:') ? { path: redisUrl.slice('unix:'.length) } : { url: redisUrl }
}

/** The address without user and password, for messages. */
export function placeOf(address: RedisAddress): string {
  if ('path' in address) return address.path
  const { protocol, host } = new URL(address.url)
  return `${protocol}//${host}`
}

type ClientOptions = {
  readonly lazyConnect?: boolean
  readonly enableReadyCheck?: boolean
  readonly retryStrategy?: (times: number) => number | null
}

/** A connection whose commands fail at once while there is none; somebody listens to its errors. */
export function openClient(address: RedisAddress, options: ClientOptions = {}): Client {
  const all = {
    retryStrategy,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 2000,
    commandTimeout: 3000,
    ...options,
  }
  const client = 'path' in address ? new Client({ ...all, path: address.path }) : new Client(address.url, all)
  client.on('error', () => {})
  return client
}

/** What a server says of itself, asked once; null when none answers, `loading` while it reads its file. */
export async function askRedis(address: RedisAddress): Promise<{ readonly version: string } | 'loading' | null> {
  const client = openClient(address, { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false })
  try {
    await client.connect()
    const info = await client.info('server')
    return { version: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown' }
  } catch (error) {
    return error instanceof Error && error.message.startsWith('LOADING') ? 'loading' : null
  } finally {
    client.disconnect()
  }
}

/** Why a server did not answer, in the words of the system; null when it does. */
export async function whyNoRedis(address: RedisAddress): Promise<string | null> {
  const client = openClient(address, { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false })
  let said = 'the connection was closed'
  client.on('error', (error) => {
    said = error.message
  })
  try {
    await client.connect()
    await client.ping()
    return null
  } catch (error) {
    const own = (error as Error).message
    return own === 'Connection is closed.' ? said : own
  } finally {
    client.disconnect()
  }
}
