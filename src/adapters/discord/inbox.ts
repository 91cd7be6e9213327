import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises'
import type { Incoming } from '../../journal/incoming.ts'
import type { DiscordLog } from './log.ts'
import { laterOf } from './snowflake.ts'

/** Up to which message everything is captured, kept over restarts: `read` null before the first time. */
export type Cursor = {
  readonly read: () => Promise<string | null>
  readonly write: (id: string) => Promise<void>
}

/** Something that happened and will be handed on; `work` may ask Discord for what is missing. */
export type Noted = {
  /** Message that it is about, where it moves the cursor on; null where it does not. */
  readonly id: string | null
  readonly bytes: number
  readonly work: () => Incoming | null | Promise<readonly Incoming[] | Incoming | null>
}

export type Inbox = {
  /** Takes what happened, or notes that something was left out. */
  readonly note: (noted: Noted) => void
  /** Something was missed: the cursor stays until `onGap` has brought it. */
  readonly markGap: () => void
  /** The cursor stays where it is until this many releases. */
  readonly hold: () => void
  readonly release: () => void
  /** Resolves when there is room for more, for those who can wait. */
  readonly room: () => Promise<void>
  /** Resolves when all that was noted before is handed on. */
  readonly settled: () => Promise<void>
  readonly size: () => number
  readonly close: () => Promise<void>
}

export const batchMost = 500
const gatherMs = 50
/** What arrives within this time of each other belongs to one burst. */
const burstMs = 15
/** A batch should not take longer: keeping it may occupy the whole program, and somebody may ask something meanwhile. */
const batchMs = 150
/** Longest time a burst is only taken in, before the next batch of it is handed on. */
const takeInMostMs = 1000
/** Most that is kept of what cannot be handed on yet; the rest stays with Discord and is fetched later. */
const bytesMost = 32 << 20
const countMost = 50_000

/**
 * What comes in, in order, handed on in batches: at once when 500 wait, else 50 ms after the first. A batch that cannot be taken
 * is offered again until it is; meanwhile the memory is bounded, and what exceeds it is fetched from Discord afterwards.
 *
 * @param onEvents keeps a batch for good; it may see an event twice
 * @param onGap called when something was left out and there is room again
 */
export function openInbox(options: {
  readonly onEvents: (events: readonly Incoming[]) => Promise<void>
  readonly onGap: () => void
  readonly cursor: Cursor
  readonly log: DiscordLog
  readonly bytesMost?: number
  readonly retryMs?: number
  /** Whether somebody waits for an answer: that goes first. */
  readonly isAsked?: () => boolean
}): Inbox {
  const { log } = options
  const most = options.bytesMost ?? bytesMost
  const stop = new AbortController()
  let queue: Noted[] = []
  let bytes = 0
  let holds = 0
  let hasGap = false
  let working: Promise<void> | null = null
  let timer: NodeJS.Timeout | null = null
  let latest: string | null = null
  let written: string | null = null
  const waiting: (() => void)[] = []
  let taken = 0
  let size = batchMost

  function begin(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (working !== null || stop.signal.aborted) return
    working = work().finally(() => {
      working = null
      if (queue.length > 0) begin()
    })
  }

  /**
   * Takes a burst in before any of it is handed on, which is slow: at its end somebody may have asked something, and has three
   * seconds.
   */
  async function quiet(): Promise<void> {
    const since = performance.now()
    let before = -1
    while (before !== taken || options.isAsked?.() === true) {
      if (performance.now() - since > takeInMostMs || stop.signal.aborted) return
      before = taken
      await sleep(burstMs)
    }
  }

  async function work(): Promise<void> {
    while (queue.length > 0 && !stop.signal.aborted) {
      await quiet()
      const batch = queue.slice(0, size)
      const events: Incoming[] = []
      for (const noted of batch) {
        const made = noted.work()
        const known = made instanceof Promise ? await made : made
        if (Array.isArray(known)) events.push(...known)
        else if (known !== null) events.push(known as Incoming)
      }
      const began = performance.now()
      if (!(await handOn(events))) return
      size = nextSize(size, performance.now() - began)
      queue = queue.slice(batch.length)
      for (const noted of batch) {
        bytes -= noted.bytes
        if (noted.id !== null) latest = latest === null ? noted.id : laterOf(noted.id, latest)
      }
      await moveCursor()
      if (bytes < most / 2 && queue.length < countMost / 2) {
        for (const go of waiting.splice(0)) go()
      }
      // Commands are answered between two batches.
      await breathe()
    }
    if (queue.length === 0 && hasGap && !stop.signal.aborted) {
      hasGap = false
      options.onGap()
    }
  }

  /** @returns whether it was taken; false when the inbox closes before */
  async function handOn(events: readonly Incoming[]): Promise<boolean> {
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      if (events.length === 0) return true
      try {
        await options.onEvents(events)
        return true
      } catch (error) {
        const pause = Math.min((options.retryMs ?? 1000) * 2 ** attempt, 30_000)
        const because = error instanceof Error ? error.message.slice(0, 300) : 'something that is no error was thrown'
        log.warn(
          { events: events.length, because },
          `Discord: what people said could not be kept; tried again in ${pause} ms`,
        )
        await sleep(pause, undefined, { signal: stop.signal }).catch(() => {})
      }
    }
    return false
  }

  async function moveCursor(): Promise<void> {
    if (holds > 0 || hasGap || latest === null || latest === written) return
    const id = latest
    try {
      await options.cursor.write(id)
      written = id
    } catch (error) {
      // An old cursor costs a longer backfill, nothing else.
      log.debug({ because: (error as Error).message }, 'Discord: the cursor could not be kept')
    }
  }

  return {
    note: (noted) => {
      if (stop.signal.aborted) return
      if (bytes + noted.bytes > most || queue.length >= countMost) {
        if (!hasGap)
          log.warn(
            { waiting: queue.length },
            'Discord: more comes in than can be kept at once; the rest is fetched afterwards',
          )
        hasGap = true
        return
      }
      queue.push(noted)
      taken += 1
      bytes += noted.bytes
      if (queue.length >= batchMost) begin()
      else if (timer === null && working === null) timer = setTimeout(begin, gatherMs)
    },
    markGap: () => {
      hasGap = true
      if (working === null) begin()
    },
    hold: () => {
      holds += 1
    },
    release: () => {
      holds -= 1
      void moveCursor()
    },
    room: async () => {
      if (bytes < most / 2 && queue.length < countMost / 2) return
      await new Promise<void>((resolve) => waiting.push(resolve))
    },
    settled: async () => {
      while ((queue.length > 0 || working !== null) && !stop.signal.aborted) {
        begin()
        await working
      }
    },
    size: () => queue.length,
    close: async () => {
      // What waits is given one chance; the rest is found again by the next backfill.
      if (timer !== null) clearTimeout(timer)
      timer = null
      const rest = (async () => {
        while (queue.length > 0 && !stop.signal.aborted) {
          begin()
          await working
        }
        await working
      })()
      await Promise.race([rest, sleep(2000, undefined, { ref: false })])
      stop.abort()
      for (const go of waiting.splice(0)) go()
    },
  }
}

/** How many events to hand on next, so that a batch takes about `batchMs` on this machine. */
function nextSize(size: number, tookMs: number): number {
  if (tookMs > 2 * batchMs) return Math.max(20, Math.floor((size * batchMs) / tookMs))
  return tookMs < batchMs ? Math.min(batchMost, 2 * size) : size
}
