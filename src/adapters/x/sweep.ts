import { z } from 'zod'

const Id = z.string().regex(/^\d{1,20}$/)

/** What is asked of a source, and the number above which answers are new to it; null: as far back as X looks. */
const Query = z.strictObject({ query: z.string(), since: Id.nullable() })
export type Query = z.infer<typeof Query>

/** How far a source of X was read, each time newest first. */
export const Sweep = z.strictObject({
  /** Everything up to this number was read; null before anything was found. */
  since: Id.nullable(),
  /** Posts of ours on record up to this entry of the journal were asked about; a later one is asked about from its own number on. */
  asOf: z.int().min(0).default(0),
  /** What was begun and stopped for want of budget or because X failed; null between two sweeps. */
  pass: z
    .strictObject({
      /** What is above this number is read again by the next sweep. */
      bound: Id,
      asOf: z.int().min(0),
      /** The newest that was found. */
      newest: Id.nullable(),
      /** Still to be asked; `until` holds for the first of them: everything from this number on was read. */
      queries: z.array(Query),
      until: Id.nullable(),
    })
    .nullable(),
})
export type Sweep = z.infer<typeof Sweep>
export type Pass = NonNullable<Sweep['pass']>

/** One of our posts: its number on X and that of the entry that has it on record. */
export type OwnPost = { readonly id: string; readonly seq: number }

const epochMs = 1_288_834_974_657
/** What was written a moment ago may be listed only after something newer. */
const settleMs = 30_000
/** The search reaches back seven days and refuses to be asked for more. */
const reachMs = 6.9 * 86_400_000

/** The smallest number that a post of this moment may have: X counts 22 bits below the milliseconds since its epoch. */
export function numberAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.trunc(ms) - epochMs)) << 22n)
}

/** When a post of this number was written, in milliseconds since 1970. */
export function momentOf(id: string): number {
  return Number(BigInt(id) >> 22n) + epochMs
}

const isAbove = (a: string, b: string) => BigInt(a) > BigInt(b)
const lower = (a: string, b: string) => (isAbove(a, b) ? b : a)

/** A cursor as it was stored; what cannot be read begins anew, as far back as X looks. */
export function parseSweep(text: string | null, nowMs: number): Sweep {
  const fresh: Sweep = { since: null, asOf: 0, pass: null }
  if (text === null) return fresh
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fresh
  }
  const parsed = Sweep.safeParse(value)
  if (!parsed.success) return fresh
  const { pass } = parsed.data
  // A pass that lay still for a week has nothing left that X would tell.
  const isOver = pass !== null && !isAbove(pass.bound, numberAt(nowMs - reachMs))
  return isOver ? { ...parsed.data, pass: null } : parsed.data
}

/** The number above which X is asked: null, which is as far back as it looks, where it would refuse to look that far. */
export function sinceWithin(since: string | null, nowMs: number): string | null {
  return since === null || isAbove(since, numberAt(nowMs - reachMs)) ? since : null
}

/**
 * The pass that is under way, or a new one over everything since the last. What answers a post that came on record after that
 * is asked for from the post on: it may have been on X for longer.
 *
 * @param toQueries what is asked about posts of ours
 */
export function passOf(
  sweep: Sweep,
  own: readonly OwnPost[],
  toQueries: (posts: ReadonlySet<string>) => readonly string[],
  nowMs: number,
): Pass {
  if (sweep.pass !== null) return sweep.pass
  const isNew = (post: OwnPost) => post.seq > sweep.asOf
  const late = own.filter(isNew).map(({ id }) => id)
  const { since } = sweep
  const sinceLate = since === null ? null : late.reduce(lower, since)
  const known = own.filter((post) => !isNew(post)).map(({ id }) => id)
  const queries = [
    ...toQueries(new Set(known)).map((query) => ({ query, since })),
    ...(late.length > 0 ? toQueries(new Set(late)).map((query) => ({ query, since: sinceLate })) : []),
  ]
  const asOf = own.reduce((most, { seq }) => Math.max(most, seq), sweep.asOf)
  return { bound: numberAt(nowMs - settleMs), asOf, newest: null, queries, until: null }
}

/**
 * The sweep after a page.
 *
 * @param page numbers of the newest and the oldest on it, null where it is empty; and whether more pages follow
 */
export function afterPage(
  sweep: Sweep,
  pass: Pass,
  page: { readonly newestId: string | null; readonly oldestId: string | null; readonly isLast: boolean },
): Sweep {
  const newest =
    page.newestId !== null && (pass.newest === null || isAbove(page.newestId, pass.newest))
      ? page.newestId
      : pass.newest
  if (!page.isLast && page.oldestId !== null) return { ...sweep, pass: { ...pass, newest, until: page.oldestId } }
  const queries = pass.queries.slice(1)
  if (queries.length > 0) return { ...sweep, pass: { ...pass, newest, queries, until: null } }
  const read = newest === null ? null : lower(newest, pass.bound)
  const since = read !== null && (sweep.since === null || isAbove(read, sweep.since)) ? read : sweep.since
  return { since, asOf: pass.asOf, pass: null }
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
