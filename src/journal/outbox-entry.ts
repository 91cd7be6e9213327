import { z } from 'zod'
import { Instant } from '../units.ts'

/** Where posts go. */
export const Channel = z.enum(['discord', 'x'])
export type Channel = z.infer<typeof Channel>

/** What is being posted: one message of Discord, or one text of a thread on X. */
const Part = {
  channel: Channel,
  /** Number of the `post` entry it was rendered in. */
  post: z.int().positive(),
  /** 0 for the first text. */
  part: z.int().min(0),
}

/**
 * Written before anything is sent, by the one worker that may then send it: after a crash the channel is asked what became
 * of it. Only when the channel does not have it is a further attempt written.
 */
export const PostingEntry = z.strictObject({
  ...Part,
  parts: z.int().positive(),
  /** 1 for the first. */
  attempt: z.int().positive(),
  /** What the channel knows the message by, so that sending it twice posts it once; at most 25 characters. */
  nonce: z.string().min(1).max(25),
  /** Message of ours on that channel that it continues; null for a first text. */
  replyTo: z.string().nullable(),
  /** Price of the call by the channel's list, in US dollars. */
  costUsd: z.number().min(0),
  /** Whether the session in which it fills had opened by then, which the text sent then says. */
  late: z.boolean(),
  /** Process that sends it, so that others can tell whether it still lives; names no machine. */
  worker: z.string().min(1).max(64),
  /** When, by that process's own clock: `at` may be a time that is played back. */
  claimedAt: Instant,
})
export type PostingEntry = z.infer<typeof PostingEntry>

/** Written once the channel has it. */
export const PostedEntry = z.strictObject({
  ...Part,
  externalId: z.string().min(1).max(64),
  /** `found`: it had been sent before, and its number was lost on the way back. */
  how: z.enum(['sent', 'found']),
  late: z.boolean(),
})
export type PostedEntry = z.infer<typeof PostedEntry>

/** A post that will not be on a channel, and why: no quota left, too old, refused for good. */
export const UnpostedEntry = z.strictObject({ ...Part, because: z.string().min(1).max(500) })
export type UnpostedEntry = z.infer<typeof UnpostedEntry>

/**
 * An attempt that is over without the word that the channel has it, written by its own worker: nobody has to wait for the end
 * of its claim. A worker that dies writes none.
 */
export const ReleasedEntry = z.strictObject({
  ...Part,
  attempt: z.int().positive(),
  /** `unsent`: it certainly sent nothing. `unknown`: it may have, so the channel is asked. */
  outcome: z.enum(['unsent', 'unknown']),
})
export type ReleasedEntry = z.infer<typeof ReleasedEntry>

/** Kinds of the book `outbox`. */
export const outboxBodies = {
  posting: PostingEntry,
  posted: PostedEntry,
  unposted: UnpostedEntry,
  released: ReleasedEntry,
} as const
