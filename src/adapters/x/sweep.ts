import { z } from 'zod'

/**
 * How far a source of X was read, newest first within bounds of time. Numbers of X grow with time, 22 bits below the
 * milliseconds since its epoch, so a bound can be made without reading anything, and an empty page moves on too.
 */
export const Sweep = z.strictObject({
  /** Everything up to this number was read. */
  since: z.string().regex(/^\d{1,20}$/),
  /** What was begun and stopped for want of budget or because X failed; null between two sweeps. */
  pass: z
    .strictObject({
      /** Everything below this number is read before the pass ends. */
      bound: z.string().regex(/^\d{1,20}$/),
      /** Still to be asked; `until` holds for the first of them. */
      queries: z.array(z.string()),
      until: z.string().regex(/^\d{1,20}$/),
    })
    .nullable(),
})
export type Sweep = z.infer<typeof Sweep>

const epochMs = 1_288_834_974_657
/** What was written a moment ago may not be listed yet. */
const settleMs = 30_000
/** The search reaches back seven days and refuses to be asked for more. */
const reachMs = 6.9 * 86_400_000

/** The smallest number that a post of this moment may have. */
export function numberAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.trunc(ms) - epochMs)) << 22n)
}

/** A cursor as it was stored; what cannot be read begins anew, as far back as X looks. */
export function parseSweep(text: string | null, nowMs: number): Sweep {
  const oldest = numberAt(nowMs - reachMs)
  const fresh: Sweep = { since: oldest, pass: null }
  if (text === null) return fresh
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fresh
  }
  const parsed = Sweep.safeParse(value)
  if (!parsed.success) return fresh
  const { since, pass } = parsed.data
  if (BigInt(since) >= BigInt(oldest)) return parsed.data
  // A pass that lay still for a week has nothing left that X would tell.
  return { since: oldest, pass: pass !== null && BigInt(pass.until) > BigInt(oldest) ? pass : null }
}

/** The pass that is under way, or a new one over everything since the last. */
export function passOf(sweep: Sweep, queries: readonly string[], nowMs: number): NonNullable<Sweep['pass']> {
  if (sweep.pass !== null) return sweep.pass
  const bound = numberAt(nowMs - settleMs)
  return { bound, queries: [...queries], until: bound }
}

/**
 * The sweep after a page.
 *
 * @param oldestId of the page when more pages follow it; null when it was the last
 */
export function afterPage(sweep: Sweep, pass: NonNullable<Sweep['pass']>, oldestId: string | null): Sweep {
  if (oldestId !== null) return { ...sweep, pass: { ...pass, until: oldestId } }
  const queries = pass.queries.slice(1)
  if (queries.length > 0) return { ...sweep, pass: { ...pass, queries, until: pass.bound } }
  // One below, since X lists what is above `since`.
  const since = BigInt(pass.bound) > BigInt(sweep.since) ? String(BigInt(pass.bound) - 1n) : sweep.since
  return { since, pass: null }
}

/**
 * Searches for what is said under our posts and about them: answers in their conversations and quotes.
 *
 * @param roots numbers of the first posts of our threads
 * @param parts numbers of their further posts, of which each may be quoted
 * @returns queries of at most 512 characters
 */
export function queriesFor(roots: readonly string[], selfId: string, parts: readonly string[] = []): readonly string[] {
  // Ten terms of at most 43 characters with what joins them, and whose posts are left out.
  const perQuery = 10
  const ofX = (id: string) => /^\d{1,20}$/.test(id)
  const terms = [
    ...roots.filter(ofX).flatMap((id) => [`conversation_id:${id}`, `quotes_of_tweet_id:${id}`]),
    ...parts.filter(ofX).map((id) => `quotes_of_tweet_id:${id}`),
  ]
  const queries: string[] = []
  for (let from = 0; from < terms.length; from += perQuery) {
    queries.push(`(${terms.slice(from, from + perQuery).join(' OR ')}) -from:${selfId}`)
  }
  return queries
}
