import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { isGone, workerName } from '../src/adapters/worker.ts'
import type { Context } from '../src/context.ts'
import { ConflictError, WorldError } from '../src/errors.ts'
import type { Entry } from '../src/journal/entry.ts'
import { type Attempt, outboxBook, outboxKeys, type PendingPost, turnsOn, usageAt } from '../src/journal/outbox.ts'
import type { Channel, PostingEntry } from '../src/journal/outbox-entry.ts'
import { allowance } from '../src/journal/outbox-quota.ts'
import { claimMs, isTooOld, nextStep, type Step, settleMs } from '../src/journal/outbox-step.ts'
import { addDays } from '../src/market/calendar.ts'
import { isLate, outgoing, partsOnChannel, textsOnX } from '../src/posts/outgoing.ts'
import { type Picture, type Publisher, sendMostMs } from '../src/posts/publisher.ts'
import type { Instant } from '../src/units.ts'
import { renderFiles } from './post-pictures.ts'
import { costOnX, importanceIn, type Outbound, openOutbound, showPreviews } from './publish-memory.ts'
import { giveUp, type Run, recordPosted, release, unposted } from './publish-record.ts'

/** What a run did on one channel. */
export type ChannelRun = {
  readonly channel: Channel
  readonly sent: number
  /** Had been sent before, by somebody who could not write it down. */
  readonly found: number
  readonly givenUp: number
  /** Posts that are still to be sent, why none of them was, and the system time at which it is worth trying; null when unknown. */
  readonly pending: number
  readonly because: string | null
  readonly nextAt: Instant | null
}

/** What a test may set in place of the machine's own. */
export type PublishOptions = {
  readonly systemNow?: () => Instant
  readonly wait?: (ms: number) => Promise<unknown>
  readonly worker?: string
  readonly isGone?: (worker: string) => boolean
}

/**
 * Sends what the journal has rendered and no channel has yet, each text once (src/journal/outbox-step.ts says how that is
 * kept), each book's posts in their order, each channel on its own. Safe to run at any time, twice and by several workers.
 * Posts of a channel without a publisher are shown as previews, and nothing is recorded of them.
 * Once `ctx.stopping` is aborted, it ends with the message that is under way, and what is left is for others at once.
 *
 * @param now time of the journal; on a live clock the system's own is used from then on
 * @throws what the journal throws, after every channel has had its turn; a channel's own failures are in the answer
 */
export async function publishPending(
  ctx: Context,
  publishers: readonly Publisher[],
  now: Instant,
  options: PublishOptions = {},
): Promise<readonly ChannelRun[]> {
  const outbound = openOutbound(ctx, publishers, options.worker ?? workerName)
  // One run at a time in a process: what it knows of its own attempts holds only when none of them is under way.
  return outbound.alone(async () => {
    await showPreviews(ctx, outbound, now)
    // Days that were cut off are played from the first again: time stands where the journal does all the same.
    const rendered = [...(await outbound.read()).pending.values()].map(({ entry }) => entry.at)
    const journalNow = rendered.reduce((latest, at) => (at > latest ? at : latest), now)
    const done = await Promise.allSettled(
      publishers.map((publisher) => runChannel(ctx, outbound, publisher, journalNow, options)),
    )
    for (const each of done) if (each.status === 'rejected') throw each.reason
    return done.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  })
}

async function runChannel(
  ctx: Context,
  outbound: Outbound,
  publisher: Publisher,
  startedAt: Instant,
  options: PublishOptions,
): Promise<ChannelRun> {
  const { channel } = publisher
  const systemNow = options.systemNow ?? (() => new Date().toISOString())
  const now = () => (ctx.clock.kind === 'system' ? ctx.clock.now(startedAt) : startedAt)
  const run: Run = { ctx, outbound, publisher, channel, now, systemNow, count: { sent: 0, found: 0, givenUp: 0 } }
  // Cut short, the wait is over for this run.
  const wait = options.wait ?? ((ms: number) => setTimeout(ms, undefined, { signal: ctx.stopping }).catch(() => {}))
  const pendingNow = async () =>
    [...(await outbound.read()).pending.values()].filter((post) => post.channel === channel).length
  for (;;) {
    if (ctx.stopping.aborted) {
      const pending = await pendingNow()
      return { channel, ...run.count, pending, because: 'this process ends', nextAt: systemNow() }
    }
    if (await giveUpOldOnes(run)) continue
    const hold = outbound.holdOn(channel, run.now(), systemNow())
    const step = hold ?? (await stepNow(run, options.isGone ?? isGone))
    if (step === null || step.kind === 'wait') {
      // A worker that died a moment ago is waited for: its successor goes on at once.
      const ms = step?.until == null ? Number.POSITIVE_INFINITY : Date.parse(step.until) - Date.parse(systemNow())
      if (hold === null && ms <= settleMs) {
        await wait(Math.max(1, ms))
        continue
      }
      return {
        channel,
        ...run.count,
        pending: await pendingNow(),
        because: step?.because ?? null,
        nextAt: step?.until ?? null,
      }
    }
    if (step.kind === 'ask') await ask(run, step.post)
    else if (step.kind === 'give-up') await giveUp(run, step)
    else await claimAndSend(run, step)
  }
}

/** The first thing to do on the channel over all books; else the shortest wait, or null when nothing is pending. */
async function stepNow(run: Run, gone: (worker: string) => boolean): Promise<Step | null> {
  const { ctx, outbound, channel } = run
  const outbox = await outbound.read()
  const turns = turnsOn(outbox, channel)
  const importance = await importanceIn(ctx, outbound, turns)
  const at = run.now()
  const systemNow = run.systemNow()
  const { dailyPosts: dailyTexts, monthlyPosts: monthlyTexts } = ctx.config.x
  const known = (attempt: Attempt) => {
    const isOver = attempt.released !== null || (attempt.worker !== outbound.worker && gone(attempt.worker))
    if (isOver) outbound.hasEnded(attempt, systemNow)
    return outbound.known(attempt)
  }
  let shortest: Step | null = null
  for (const turn of turns) {
    const step = nextStep(turn, {
      now: at,
      systemNow,
      worker: outbound.worker,
      known,
      allowance: (post) => {
        if (channel !== 'x') return { kind: 'go' }
        const { body, seq } = post.entry
        const texts = partsOnChannel(body, channel, isLate(body, at))
        const used = usageAt(outbox, channel, at)
        return allowance({ dailyTexts, monthlyTexts }, used, { importance: importance.get(seq)!, texts }, at)
      },
    })
    if (step.kind !== 'wait') return step
    if (shortest === null || (step.until !== null && (untilOf(shortest) ?? '9') > step.until)) shortest = step
  }
  return shortest
}

function untilOf(step: Step): Instant | null {
  return step.kind === 'wait' ? step.until : null
}

/** After a long standstill: what nobody has tried to send and is too old now goes in one transaction. */
async function giveUpOldOnes(run: Run): Promise<boolean> {
  const { channel, outbound } = run
  const outbox = await outbound.read()
  const at = run.now()
  const old = [...outbox.pending.values()].filter(
    (post) => post.channel === channel && post.attempts.length === 0 && isTooOld(post, at),
  )
  if (old.length === 0) return false
  const entries = old.map((post) =>
    unposted(post, at, `too old: rendered at ${post.entry.at} and not sent within three days`),
  )
  if (!(await outbound.append(entries, outbox.lastSeq))) return true
  run.count.givenUp += old.length
  const posts = old.length === 1 ? 'one post older than three days is' : `${old.length} posts older than three days are`
  run.ctx.say(`${channel}: ${posts} not sent any more`)
  return true
}

/** Asks the channel for every form in which the part may be there. */
async function ask(run: Run, post: PendingPost): Promise<void> {
  const { publisher, outbound } = run
  const since = post.attempts[0]!.claimedAt
  try {
    for (const attempt of distinctForms(post.attempts)) {
      const externalId = await publisher.find(messageOf(post, attempt, []), attempt.nonce, since)
      if (externalId === null) continue
      await recordPosted(run, attempt, externalId, 'found')
      return
    }
  } catch (error) {
    if (!(error instanceof WorldError) || error instanceof ConflictError) throw error
    // Whether it is there is not known, so nothing is sent: the channel is left alone for a while, and longer where only a
    // person can mend it.
    const pause = error.retryable ? { forMs: firstPauseMs(run), grows: true } : { forMs: closedMs, grows: false }
    const hold = { ...pause, because: error.message }
    outbound.hold(run.channel, hold, run.systemNow(), run.ctx.say)
    return
  }
  outbound.wasMissing(post.attempts.at(-1)!, run.systemNow())
}

function distinctForms(attempts: readonly PostingEntry[]): readonly PostingEntry[] {
  return [true, false].flatMap((late) => attempts.findLast((attempt) => attempt.late === late) ?? [])
}

async function claimAndSend(run: Run, { post, part, attempt }: Extract<Step, { kind: 'claim' }>): Promise<void> {
  const { ctx, channel, outbound, publisher } = run
  const { entry } = post
  // A thread goes on as it began; only a post of which nothing is out may have become late.
  const late = part === 0 ? isLate(entry.body, run.now()) : post.layout!.late
  const parts = part === 0 ? partsOnChannel(entry.body, channel, late) : post.layout!.parts
  const pictures: readonly Picture[] = part === 0 ? await outbound.pictures(entry, () => renderFiles(ctx, entry)) : []
  const { lastSeq } = await outbound.read()
  const claim: PostingEntry = {
    channel,
    post: entry.seq,
    part,
    parts,
    attempt,
    nonce: nonceOf(entry, channel, part),
    replyTo: post.sent.at(-1) ?? null,
    costUsd: channel === 'x' ? costOnX(textsOnX(entry.body, late)[part]!) : 0,
    late,
    worker: outbound.worker,
    claimedAt: run.systemNow(),
  }
  const posting = {
    at: run.now(),
    kind: 'posting',
    book: outboxBook,
    key: outboxKeys.posting(claim),
    body: claim,
  } as const
  if (!(await outbound.append([posting], lastSeq))) return
  // A journal that made us wait may have eaten up the time in which nobody else takes the message up.
  const isLeft = Date.parse(run.systemNow()) - Date.parse(claim.claimedAt) > claimMs - sendMostMs
  if (isLeft || ctx.stopping.aborted) return release(run, claim, 'unsent')
  const outcome = await publisher.send(messageOf(post, claim, pictures), claim.nonce)
  const hold = (forMs: number, grows: boolean, because: string) => {
    outbound.hold(channel, { forMs, grows, because }, run.systemNow(), ctx.say)
    return release(run, claim, 'unsent')
  }
  switch (outcome.kind) {
    case 'sent':
      return recordPosted(run, claim, outcome.externalId, 'sent')
    case 'refused':
      return giveUp(run, { post, because: outcome.because }, true)
    case 'closed':
      return hold(closedMs, false, outcome.because)
    case 'no-credit':
      outbound.holdUntilDay(channel, addDays(run.now().slice(0, 10), 1), outcome.because, ctx.say)
      return release(run, claim, 'unsent')
    case 'later':
      if (outcome.retryAt === null) return hold(firstPauseMs(run), true, outcome.because)
      return hold(Math.max(1_000, Date.parse(outcome.retryAt) - Date.parse(run.systemNow())), false, outcome.because)
    case 'duplicate':
    case 'unknown':
      // The next step asks the channel.
      outbound.hasEnded(claim, run.systemNow())
      ctx.say(
        `${channel}: whether entry ${entry.seq} is there is not known, so the channel is asked: ${outcome.because}`,
      )
      return release(run, claim, 'unknown')
  }
}

/** How long a channel is left alone that takes nothing until a person mends it. */
const closedMs = 1_800_000

/** How long a channel that fails is left alone at first. Where days are played back in seconds, half a minute is a week. */
function firstPauseMs({ ctx }: Run): number {
  return ctx.clock.kind === 'system' ? 30_000 : 500
}

function messageOf(post: PendingPost, { part, late, replyTo, channel }: PostingEntry, pictures: readonly Picture[]) {
  return outgoing(post.entry.body, { channel, part, late, replyTo }, pictures)
}

/** The same for each attempt at a part, on every machine, and of use to nobody who tries to guess another. */
function nonceOf(entry: Entry<'post'>, channel: Channel, part: number): string {
  return createHash('sha256').update(`${entry.hash}/${channel}/${part}`).digest('hex').slice(0, 25)
}
