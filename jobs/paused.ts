import type { Context } from '../src/context.ts'
import { pausedBecause } from '../src/talk/switch.ts'

/** What stands in the place of a decision while the owner has paused the book; null while it runs. Stop-losses are not asked. */
export async function pausedDecision(ctx: Context, book: string) {
  const because = await pausedBecause(ctx, book)
  return because === null
    ? null
    : { settled: { kind: 'no-decision' as const, because }, summary: '', actions: [], prompt: null }
}
