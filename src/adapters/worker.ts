import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Who writes to the journal: `host:process:start`, of which the first is a hash and names no machine. */
const host = hostKey()
const started = randomBytes(4).toString('hex')
let opened = 0

/** A name for somebody in this process who claims work; each call gives another. */
export function workerName(): string {
  opened += 1
  return `${host ?? 'unknown'}:${process.pid}:${started}${opened}`
}

/**
 * Whether a worker has certainly ended: its process ran on this machine, since its last start and among the processes that
 * this one can see, and is there no more. False wherever that cannot be told: then only time shows it.
 */
export function isGone(worker: string): boolean {
  const [where, pid, start] = worker.split(':')
  if (host === null || where !== host || !/^\d{1,10}$/.test(pid ?? '')) return false
  // The number may have come back to us, as 1 does in a container that is started again.
  if (Number(pid) === process.pid) return !start!.startsWith(started)
  try {
    process.kill(Number(pid), 0)
    return hasExited(Number(pid))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Whether a process keeps its number only because nobody has asked for its exit code, as under a supervisor that never does. */
function hasExited(pid: number): boolean {
  try {
    // The name stands in brackets and may hold anything, brackets too.
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** One running system with one table of processes; null where the system does not tell, as outside Linux. */
function hostKey(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    // A container sees its own processes only; when it starts again its name stays and its namespace does not.
    const place = readlinkSync('/proc/self/ns/pid')
    return createHash('sha256').update(`${hostname()}\n${boot}\n${place}`).digest('hex').slice(0, 12)
  } catch {
    return null
  }
}
