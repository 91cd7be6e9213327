import { setTimeout } from 'node:timers/promises'
import { jobs } from '../../jobs/index.ts'
import { publishHeadOf } from '../adapters/database/heads.ts'
import type { Leadership } from '../adapters/redis.ts'
import { openWeb, type Web } from '../adapters/web.ts'
import type { IsoDate } from '../units.ts'
import { observe } from './observe.ts'
import type { Opened } from './open-service.ts'
import { openTalk, type Talk } from './parts.ts'
import { makeUp, workOf } from './perform.ts'
import { playBack, stayListening } from './playback.ts'

/** Closing takes at most this long, whatever hangs; a supervisor kills after ten seconds. */
export const closeMostMs = 9000
/** What is being sent is waited for so long; then its connection is cut, and there is time to write down what became of it. */
const sendMs = 4500
const queueCloseMs = 5000

export type Ran = { readonly runs: number | null; readonly because: 'played' | 'signal' }

/**
 * Runs the service until it is told to stop: workers, schedules or the dates to play back, the conversation, the page.
 *
 * @param played dates to play back; null for the live service
 * @param options stay: go on after the last date. signal: aborted when the service is to stop
 */
export async function runService(
  opened: Opened,
  played: { readonly from: IsoDate; readonly to: IsoDate } | null,
  options: { readonly stay: boolean; readonly signal: AbortSignal },
): Promise<Ran> {
  const { service, redis } = opened
  const { ctx, queues, log } = service
  const talk: { now: Talk | null } = { now: null }
  const seen = observe(opened, talk)
  let web: Web | null = null
  let lead: Leadership | null = null
  try {
    web = await openPage(opened, seen)
    queues.start(workOf(service))
    lead = redis.lead('talk', (isMine) => void changeTalk(isMine))
    if (played !== null) {
      const runs = await playBack(service, played, options.signal)
      log.info(`played ${played.from} to ${played.to}: ${runs} runs`)
      if (options.stay) await stayListening(service, options.signal)
      return { runs, because: options.stay ? 'signal' : 'played' }
    }
    redis.onBack(() => void beginAgain())
    await beginAgain()
    await aborted(options.signal)
    return { runs: null, because: 'signal' }
  } catch (error) {
    if (options.signal.aborted) return { runs: null, because: 'signal' }
    throw error
  } finally {
    await closeAll(opened, { talk: talk.now, lead, web })
  }

  /** Schedules lie in Redis, which may have come back empty; what was due meanwhile is found in the journal. */
  async function beginAgain(): Promise<void> {
    try {
      const ticks = jobs.flatMap((job) =>
        job.schedule(ctx.config).map((when, schedule) => ({ job: job.name, schedule, when })),
      )
      await queues.schedule(ticks)
      await makeUp(service)
    } catch (error) {
      log.warn({ err: error }, 'the schedules could not be set; they are when Redis answers')
    }
  }

  async function changeTalk(isMine: boolean): Promise<void> {
    try {
      if (isMine && talk.now === null) talk.now = await openTalk(ctx, log)
      if (!isMine && talk.now !== null) {
        log.info('another service has the conversation on Discord; it is left to it')
        const before = talk.now
        talk.now = null
        await before.close()
      }
    } catch (error) {
      log.error({ err: error }, 'the conversation on Discord could not be opened; everything else goes on')
    }
  }
}

async function openPage({ service }: Opened, seen: ReturnType<typeof observe>): Promise<Web | null> {
  const { ctx, log, queues } = service
  const { webPort, queueBoard } = ctx.config
  try {
    const web = await openWeb({ ...seen, port: webPort, board: queueBoard ? queues.boardAdapters : null })
    log.info(`http://127.0.0.1:${web.port}/health and /metrics${queueBoard ? ', the queue under /queues' : ''}`)
    return web
  } catch (error) {
    // Nobody's money depends on the page.
    log.error((error as Error).message)
    return null
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Whoever takes new work stops first; the journal closes when nobody writes any more; Redis goes last. */
async function closeAll(
  { service, redis, channels, solver, stop }: Opened,
  { talk, lead, web }: { readonly talk: Talk | null; readonly lead: Leadership | null; readonly web: Web | null },
): Promise<void> {
  const { ctx, queues } = service
  stop()
  const cut = globalThis.setTimeout(() => void channels.close(), sendMs).unref()
  // Whoever takes the conversation over must not wait for a post that is slow.
  const leaveTalk = async () => {
    await talk?.close()
    await lead?.leave()
  }
  await Promise.race([
    Promise.allSettled([web?.close(), leaveTalk(), queues.close(queueCloseMs)]),
    setTimeout(queueCloseMs + 600, undefined, { ref: false }),
  ])
  clearTimeout(cut)
  await Promise.race([
    Promise.allSettled([channels.close(), solver.close(), publishHeadOf(ctx.home, ctx.journal)]),
    setTimeout(700, undefined, { ref: false }),
  ])
  await Promise.race([ctx.journal.close().catch(() => {}), setTimeout(500, undefined, { ref: false })])
  await redis.close()
}
