import type { Context } from '../context.ts'
import { emptyOutbox, outboxKinds, readOutbox, usageAt } from '../journal/outbox.ts'
import type { Instant } from '../units.ts'

/** Posts that the quota of X leaves. */
export type Quota = { readonly dayLeft: number; readonly monthLeft: number; readonly monthUsd: number }

/** Reads the quota used from the journal, and afterwards only what is new. */
export function quotaReader(ctx: Pick<Context, 'journal' | 'config'>): (at: Instant) => Promise<Quota> {
  let outbox = emptyOutbox(['x'])
  let seq = 0
  return async (at) => {
    const entries = await Array.fromAsync(ctx.journal.read({ kinds: [...outboxKinds], fromSeq: seq + 1 }))
    outbox = readOutbox(outbox, entries)
    seq = entries.at(-1)?.seq ?? seq
    const { day, month } = usageAt(outbox, 'x', at)
    const { dailyPosts, monthlyPosts } = ctx.config.x
    return {
      dayLeft: Math.max(0, dailyPosts - day.texts),
      monthLeft: Math.max(0, monthlyPosts - month.texts),
      monthUsd: month.costUsd,
    }
  }
}
