import type { Context } from '../context.ts'
import { communityBook, type SaidContent } from '../talk/said.ts'
import type { Instant } from '../units.ts'

/** Messages of Discord whose texts are kept and were said since a moment: what is gone over there is erased here too. */
export async function heldOnDiscord(
  ctx: Context,
  since: Instant,
): Promise<{ readonly externalId: string; readonly placeId: string }[]> {
  const refs: string[] = []
  for await (const entry of ctx.journal.read({ book: communityBook, kinds: ['reply'], fromAt: since })) {
    if (entry.kind === 'reply' && entry.body.channel === 'discord' && entry.body.text !== null)
      refs.push(entry.body.text.id)
  }
  if (refs.length === 0) return []
  return [...(await ctx.journal.texts(refs)).values()].flatMap((content) => {
    const { messageId, placeId } = content as SaidContent
    return messageId === undefined || placeId === undefined || placeId === null
      ? []
      : [{ externalId: messageId, placeId }]
  })
}
