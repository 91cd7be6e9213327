import type { Journal } from '../adapters/database/journal.ts'
import type { Context } from '../context.ts'
import type { Entry } from '../journal/entry.ts'
import { outboxBook } from '../journal/outbox.ts'
import type { Channel } from '../journal/outbox-entry.ts'

/** Numbers of the `post` and `decision` entries that something answers. */
export type Target = { readonly post: number | null; readonly decision: number | null }

export const noTarget: Target = { post: null, decision: null }

export type Targets = {
  /** Last entry read: more may be known of our messages once it has grown. */
  readonly upTo: number
  /** Number of the post that a message of ours on a channel shows, or null. */
  readonly postOf: (channel: Channel, externalId: string) => number | null
  /** A post with the decision it tells of; posts about anything else answer no decision. */
  readonly targetOf: (post: number) => Promise<Target>
}

type Known = { upTo: number; readonly posts: Map<string, number>; readonly targets: Map<number, Target> }

const known = new WeakMap<Journal, Known>()

/** Our messages as the outbox recorded them. What was read stays in memory: a number for each message ever sent. */
export async function readTargets(ctx: Context): Promise<Targets> {
  let found = known.get(ctx.journal)
  if (found === undefined) {
    found = { upTo: 0, posts: new Map(), targets: new Map() }
    known.set(ctx.journal, found)
  }
  const { posts, targets } = found
  for await (const entry of ctx.journal.read({ book: outboxBook, kinds: ['posted'], fromSeq: found.upTo + 1 })) {
    const { channel, externalId, post } = (entry as Entry<'posted'>).body
    posts.set(`${channel}/${externalId}`, post)
    found.upTo = entry.seq
  }
  return {
    upTo: found.upTo,
    postOf: (channel, externalId) => posts.get(`${channel}/${externalId}`) ?? null,
    async targetOf(post) {
      const before = targets.get(post)
      if (before !== undefined) return before
      const [entry] = await Array.fromAsync(ctx.journal.read({ seqs: [post], kinds: ['post'] }))
      const body = (entry as Entry<'post'> | undefined)?.body
      const target = { post, decision: body?.purpose === 'decision' ? body.of.seq : null }
      targets.set(post, target)
      return target
    },
  }
}
