import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Why tests with Redis are skipped, or false where there is a redis-server. */
export const redisAbsent: false | string =
  spawnSync('redis-server', ['--version']).status === 0 ? false : 'no redis-server on this machine'

/** A real Redis on a unix socket in a fresh folder, which a test may kill and start again. */
export type TestRedis = {
  readonly folder: string
  readonly socket: string
  readonly url: string
  /** As a crash or a power cut would: at once. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  readonly remove: () => Promise<void>
}

/** @param options.fsync how surely it keeps what it was told: `always` loses nothing at a kill */
export async function openRedis({
  fsync = 'always',
}: {
  readonly fsync?: 'always' | 'everysec'
} = {}): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'primer-redis-'))
  const socket = join(folder, 'r.sock')
  let child: ChildProcess | null = null
  const start = async () => {
    const settings = { port: '0', unixsocket: socket, dir: folder, appendonly: 'yes', appendfsync: fsync, save: '' }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    child = spawn('redis-server', args, { stdio: 'ignore' })
    for (let tries = 0; !(await answers(socket)); tries++) {
      if (tries > 200) throw new Error('redis-server did not come up within 10 s')
      await setTimeout(50)
    }
  }
  const kill = async () => {
    const running = child
    child = null
    if (running === null || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }
  await start()
  const remove = async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, socket, url: `unix:${socket}`, kill, start, remove }
}

/** Whether something answers PONG at a socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(path)
    const end = (is: boolean) => {
      client.destroy()
      resolve(is)
    }
    client.setTimeout(500, () => end(false))
    client.on('error', () => end(false))
    client.on('connect', () => client.write('PING\r\n'))
    client.on('data', (data) => end(data.toString().startsWith('+PONG')))
  })
}
