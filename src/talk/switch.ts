import type { Context } from '../context.ts'
import type { Entry } from '../journal/entry.ts'
import { communityBook } from './said.ts'

/** The last switch of a book, or null where its owner never touched it. */
export async function lastSwitch(ctx: Context, book: string): Promise<Entry<'switch'> | null> {
  // Owners do so seldom; of a few hundred switches the last of each book is among them.
  const entries = ctx.journal.read({ book: communityBook, kinds: ['switch'], latest: 300 })
  let last: Entry<'switch'> | null = null
  for await (const entry of entries) if (entry.kind === 'switch' && entry.body.target === book) last = entry
  return last
}

/** Why a book takes no decision now; null while it runs. The journal alone says so, on whichever machine it was switched. */
export async function pausedBecause(ctx: Context, book: string): Promise<string | null> {
  return (await lastSwitch(ctx, book))?.body.state === 'paused' ? 'the owner paused the book' : null
}
