import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { InputError, WorldError } from '../errors.ts'
import { makeFolder } from '../files.ts'
import { askRedis } from './redis-client.ts'

/** A socket's whole path may have about 107 bytes, its final zero included. */
const longestSocketBytes = 100
const startMostMs = 15_000

export type PrivateRedis = {
  readonly socket: string
  /** Whether a server answers there; one that reads its file after a crash counts as well. */
  readonly answers: () => Promise<boolean>
  /** Starts a server unless one answers: the one of a service that crashed is taken over. Two services start one. */
  readonly ensure: () => Promise<'adopted' | 'started'>
  /** Ends a server of ours that hangs. */
  readonly kill: () => void
}

/**
 * A redis-server of this home alone, on a unix socket, with its data in an append-only file. It is detached: Ctrl-C ends
 * the service, which ends the server last, and a service that crashes leaves it running for the next.
 */
export function privateRedis(home: string, binary: string | null, missing: () => string): PrivateRedis {
  const folder = folderOf(home)
  const socket = socketPath(folder)
  let child: ChildProcess | null = null
  const answers = async () => (await askRedis({ path: socket })) !== null

  const start = async () => {
    if (binary === null) throw new InputError(missing())
    const settings = {
      port: '0',
      unixsocket: socket,
      unixsocketperm: '700',
      dir: folder,
      appendonly: 'yes',
      save: '',
      'maxmemory-policy': 'noeviction',
      pidfile: join(folder, 'redis.pid'),
      logfile: join(folder, 'redis.log'),
      loglevel: 'warning',
    }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    const started = spawn(binary, args, { detached: true, stdio: 'ignore', cwd: folder })
    started.unref()
    child = started
    const failed = new Promise<string>((settle) => {
      started.once('error', (error) => settle(error.message))
      started.once('exit', (code, signal) => settle(`it ended with ${signal ?? `code ${code}`}`))
    })
    const late = Date.now() + startMostMs
    while (Date.now() < late) {
      const ended = await Promise.race([failed, setTimeout(25, null)])
      if (ended !== null)
        throw new WorldError(`starting ${binary} failed: ${ended}; see ${folder}/redis.log`, { retryable: true })
      if (await answers()) return
    }
    throw new WorldError(`${binary} did not answer within ${startMostMs / 1000} s; see ${folder}/redis.log`, {
      retryable: true,
    })
  }

  return {
    socket,
    answers,
    kill: () => child?.kill('SIGKILL'),
    ensure: async () => {
      if (await answers()) return 'adopted'
      makeFolder(folder)
      return underLock(join(folder, 'starting'), async () => {
        if (await answers()) return 'adopted'
        await start()
        return 'started'
      })
    },
  }
}

const folderOf = (home: string): string => join(resolve(home), 'redis')

/** Where the private Redis of a home answers while a service runs. */
export function privateSocket(home: string): string {
  return socketPath(folderOf(home))
}

/** The socket in the home, or where that path is too long in a folder of the system's for this home and user alone. */
function socketPath(folder: string): string {
  const near = join(folder, 'r.sock')
  if (Buffer.byteLength(near) <= longestSocketBytes) return near
  const far = join(tmpdir(), `primer-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
  try {
    mkdirSync(far, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = lstatSync(far)
  // Anybody may make folders there; the socket must lie in one that nobody else can write to.
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new InputError(`${far} belongs to somebody else; remove it, or use a PRIMER_HOME with a shorter path`)
  }
  return join(far, 'r.sock')
}

/** Two servers on one append-only file would ruin it, so only the holder of this file starts one. */
async function underLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const late = Date.now() + 2 * startMostMs
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (isLeftBehind(file)) rmSync(file, { force: true })
    else if (Date.now() > late) {
      throw new WorldError(
        `another service has been starting Redis for ${(2 * startMostMs) / 1000} s; remove ${file} if none runs`,
        {
          retryable: true,
        },
      )
    } else await setTimeout(50)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function isLeftBehind(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    // Made and not yet written, or gone in between: look again.
    if (!(pid > 0)) return false
    process.kill(pid, 0)
    return pid === process.pid
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
