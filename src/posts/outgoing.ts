import type { RenderedPost } from '../journal/entry.ts'
import type { Channel } from '../journal/outbox-entry.ts'
import type { Instant } from '../units.ts'
import { DiscordPost } from './discord.ts'
import { weightedLength, xLimit } from './length.ts'
import type { Outgoing, Picture } from './publisher.ts'

/** A claim some seconds before the open is sent after it as likely as not. */
const lateMarginMs = 60_000

/** Whether a post that should be out before an open comes too late for it. */
export function isLate(post: Pick<RenderedPost, 'before'>, now: Instant): boolean {
  return post.before !== undefined && Date.parse(now) + lateMarginMs >= Date.parse(post.before)
}

/**
 * The texts of a post on X. One that is late says so in its first line, or in a text of its own before it where there is no
 * room: what was recorded is never shortened for it.
 *
 * Example of the line: 'Late: due before the open of 2020-03-13 08:00 UTC.'
 */
export function textsOnX(post: RenderedPost, late: boolean): readonly string[] {
  if (!late || post.x.length === 0) return post.x
  const line = lateNotice(post)
  const [first, ...rest] = post.x
  const together = `${line}\n${first}`
  if (weightedLength(together) <= xLimit) return [together, ...rest]
  return [`${line} What was recorded before it follows, journal ${post.of.hash.slice(0, 32)}.`, ...post.x]
}

/** Messages that a post comes to on a channel. */
export function partsOnChannel(post: RenderedPost, channel: Channel, late: boolean): number {
  return channel === 'x' ? textsOnX(post, late).length : 1
}

/** The session may be open or about to be: the line is true in both cases. */
export function lateNotice(post: Pick<RenderedPost, 'before'>): string {
  const open = post.before === undefined ? '' : ` of ${post.before.slice(0, 10)} ${post.before.slice(11, 16)} UTC`
  return `Late: due before the open${open}.`
}

/**
 * One part of a post as it is handed to a channel.
 *
 * @param pictures drawn for the post; an embed whose picture is missing is sent without one
 */
export function outgoing(
  post: RenderedPost,
  place: { readonly channel: Channel; readonly part: number; readonly late: boolean; readonly replyTo: string | null },
  pictures: readonly Picture[],
): Outgoing {
  if (place.channel === 'x') {
    const isReport = post.purpose === 'weekly' || post.purpose === 'monthly'
    const picture = isReport && place.part === 0 ? pictures[0] : undefined
    return {
      channel: 'x',
      text: textsOnX(post, place.late)[place.part]!,
      replyTo: place.replyTo,
      ...(picture !== undefined && { media: picture }),
    }
  }
  const message = DiscordPost.parse(post.discord)
  const drawn = new Set(pictures.map(({ name }) => name))
  const embeds = message.embeds.map(({ image, ...embed }) =>
    image !== undefined && drawn.has(image.url.replace('attachment://', '')) ? { ...embed, image } : embed,
  )
  return {
    channel: 'discord',
    post: { ...message, embeds, charts: message.charts.filter(({ name }) => drawn.has(name)) },
    files: pictures,
    ...(place.late && { lateNotice: lateNotice(post) }),
    ...(post.purpose === 'decision' && { thread: message.embeds[0]!.title.slice(0, 100) }),
    ...(post.purpose === 'weekly' && { pin: true }),
  }
}
