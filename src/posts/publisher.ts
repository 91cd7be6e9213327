import type { Channel } from '../journal/outbox-entry.ts'
import type { Instant } from '../units.ts'
import type { DiscordPost } from './discord.ts'

/** A picture with the words for who cannot see it. */
export type Picture = { readonly name: string; readonly png: Uint8Array; readonly alt: string }

/** One text on X; a thread is several, each of which answers the one before. */
export type XMessage = {
  readonly channel: 'x'
  /** At most 280 weighted characters. */
  readonly text: string
  /** External id of the message it continues; null for a first text. */
  readonly replyTo: string | null
  readonly media?: Picture
}

/** One message of Discord. */
export type DiscordMessage = {
  readonly channel: 'discord'
  readonly post: DiscordPost
  /** The pictures that `post.charts` names. A picture that could not be drawn is missing, and so is the embed's image. */
  readonly files: readonly Picture[]
  /** Shown above the embed: the session in which the decision fills had opened before this was sent. */
  readonly lateNotice?: string
  /** Name of the thread to open under it, at most 100 characters. */
  readonly thread?: string
  /** Whether it takes the place of what was pinned before. */
  readonly pin?: boolean
}

export type Outgoing = XMessage | DiscordMessage

/** What became of one attempt. Nothing here is thrown: the outbox must be able to tell these apart. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly externalId: string }
  /** The channel says that it has the message already: ask `find` for its id. */
  | { readonly kind: 'duplicate'; readonly because: string }
  /** The message will never be taken: too long, against a rule. The channel itself works. */
  | { readonly kind: 'refused'; readonly because: string }
  /** The channel takes nothing from us until somebody mends it: a wrong key, no permission, an unknown channel. */
  | { readonly kind: 'closed'; readonly because: string }
  /** Out of prepaid credit: nothing goes out on this channel before the next UTC day. */
  | { readonly kind: 'no-credit'; readonly because: string }
  /** Certainly not sent, and the channel may take it later: a rate limit, or no connection. `retryAt` by the system clock. */
  | { readonly kind: 'later'; readonly because: string; readonly retryAt: Instant | null }
  /** A cut answer, a server's failure, a timeout: it may be there. Ask `find` before it is sent again. */
  | { readonly kind: 'unknown'; readonly because: string }

/** A channel to post to. Discord and X are real ones; what is not configured has none, and its posts are shown as previews. */
export type Publisher = {
  readonly channel: Channel
  /**
   * Sends one message, once: it never retries on its own. Ends within `sendMostMs`, whatever the channel does.
   *
   * @param nonce at most 25 characters, the same at each attempt; where the channel can, sending a nonce twice posts once
   */
  readonly send: (message: Outgoing, nonce: string) => Promise<SendOutcome>
  /**
   * External id of a message sent before, looked up in our own history.
   *
   * @param since system time of the first attempt; what is older cannot be it
   * @returns null when the channel was asked and does not have it
   * @throws WorldError when it cannot be asked
   */
  readonly find: (message: Outgoing, nonce: string, since: Instant) => Promise<string | null>
  readonly close: () => Promise<void>
}

/** Longest time a `send` may take, uploads included, in milliseconds: a claim on a message outlasts it (src/journal/outbox.ts). */
export const sendMostMs = 90_000
