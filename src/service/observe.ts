import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Head } from '../adapters/database/verify.ts'
import type { Depth } from '../adapters/queue.ts'
import type { Health } from '../adapters/web.ts'
import type { Opened } from './open-service.ts'
import type { Talk } from './parts.ts'
import { quotaReader } from './quota.ts'

/** What `/health` and `/metrics` tell, read when they are asked. */
export function observe(
  { service, redis }: Opened,
  talk: { readonly now: Talk | null },
): { readonly health: () => Promise<Health>; readonly metrics: () => Promise<string> } {
  const { ctx, queues, metrics } = service
  const readQuota = quotaReader(ctx)
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const startedAt = new Date().toISOString()

  const head = () => ctx.journal.head().catch(() => 'unreadable' as const)

  return {
    health: async () => {
      const last = await head()
      const discord = talk.now?.state() ?? null
      const isUp = redis.isUp()
      return {
        ok: isUp && last !== 'unreadable',
        startedAt,
        redis: isUp ? 'up' : 'away: jobs wait',
        journal: journalInWords(last),
        discord: discord === null ? 'not here' : discord.isConnected ? 'connected' : (discord.because ?? 'connecting'),
      }
    },

    metrics: async () => {
      metrics.set('primer_redis_up', {}, redis.isUp() ? 1 : 0)
      const discord = talk.now?.state() ?? null
      if (discord !== null) {
        metrics.set('primer_discord_up', {}, discord.isConnected ? 1 : 0)
        metrics.set('primer_discord_waiting', {}, discord.waiting)
      }
      const last = await head()
      if (last !== 'unreadable') metrics.set('primer_journal_entries', {}, last?.seq ?? 0)
      metrics.set('primer_memory_bytes', {}, process.memoryUsage.rss())
      metrics.set('primer_event_loop_lag_seconds', {}, delay.max / 1e9)
      delay.reset()
      const now = new Date().toISOString()
      const spent = ctx.spending.on(now.slice(0, 10))
      metrics.set('primer_model_cost_usd', {}, spent)
      if (ctx.config.model !== null) {
        metrics.set('primer_model_budget_left_usd', {}, Math.max(0, ctx.config.model.dailyBudgetUsd - spent))
      }
      const quota = await readQuota(now).catch(() => null)
      if (quota !== null) {
        metrics.set('primer_posts_left', { channel: 'x', period: 'day' }, quota.dayLeft)
        metrics.set('primer_posts_left', { channel: 'x', period: 'month' }, quota.monthLeft)
      }
      // Without Redis the rest is still worth reading.
      const depth: Depth = redis.isUp() ? await queues.depth().catch(() => ({})) : {}
      for (const [queue, states] of Object.entries(depth)) {
        for (const [state, count] of Object.entries(states)) metrics.set('primer_queue_depth', { queue, state }, count)
      }
      return metrics.text()
    },
  }
}

function journalInWords(last: Head | null | 'unreadable') {
  if (last === null) return 'empty'
  return last === 'unreadable' ? last : { entries: last.seq, head: last.hash, at: last.at }
}
