import { z } from 'zod'
import { Currency, Instant, IsoDate } from '../units.ts'
import { Channel } from './outbox-entry.ts'

/** Text that can be erased while the chain still verifies: the chain keeps a salted hash of what lies in the table `texts`. */
export const TextRef = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  /** SHA-256 of the salt followed by the canonical JSON of the content. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type TextRef = z.infer<typeof TextRef>

/** HMAC of a person under a key that is not in the journal, with a salt that goes when the person asks to be forgotten. */
export const Pseudonym = z.string().regex(/^[0-9a-f]{32}$/)
export type Pseudonym = z.infer<typeof Pseudonym>

/** What a person allowed: `none` until asked; `research`: what was said may be used in exports. */
export const ConsentState = z.enum(['none', 'research'])
export type ConsentState = z.infer<typeof ConsentState>

const price = z.strictObject({ price: z.number().positive(), currency: Currency, date: IsoDate })

/** What every utterance carries. */
const Said = {
  channel: Channel,
  person: Pseudonym,
  /** When it was said, by the channel's clock. */
  saidAt: Instant,
  /** Text, ids and links, erasable. Null where nothing of the kind was said. */
  text: TextRef.nullable(),
  consent: ConsentState,
  /** Numbers of the `post` and `decision` entries it answers; null where it answers none. */
  post: z.int().positive().nullable(),
  decision: z.int().positive().nullable(),
  /** Last closes known then, of what is held or was named; by symbol. */
  prices: z.record(z.string(), price),
}

/** Somebody answered, mentioned or quoted the bot. */
export const ReplyEntry = z.strictObject({
  ...Said,
  via: z.enum(['reply', 'mention', 'thread', 'direct', 'quote', 'conversation']),
  /** ISO 639 code as guessed or given; `und` when it cannot be told. */
  language: z.string().regex(/^[a-z]{2,3}$/),
  /** Whether the channel withheld the text, as Discord does without the message-content intent. */
  withheld: z.boolean(),
})
/** A reply was changed: the text as it is now; the old one stays beside it. */
export const EditEntry = z.strictObject({
  channel: Channel,
  of: z.int().positive(),
  editedAt: Instant,
  text: TextRef.nullable(),
})
/** A reply was deleted on its channel, so its text was erased here. */
export const DeletionEntry = z.strictObject({ channel: Channel, of: z.int().positive(), deletedAt: Instant })
export const ReactionEntry = z.strictObject({
  ...Said,
  emoji: z.string().min(1).max(64),
  change: z.enum(['added', 'removed']),
})
/** A button under a decision. */
export const OpinionEntry = z.strictObject({ ...Said, opinion: z.enum(['agree', 'disagree', 'why']) })
/** `/predict`: a claim that time will settle. */
export const PredictionEntry = z.strictObject({
  ...Said,
  symbol: z.string().min(1).max(24),
  direction: z.enum(['up', 'down']),
  probability: z.number().gt(0).lt(1),
  horizonSessions: z.int().min(1).max(260),
})
export const FeedbackEntry = z.strictObject({ ...Said })
/** `/ask`, and what was answered from the journal alone. */
export const QuestionEntry = z.strictObject({ ...Said })
export const AnswerEntry = z.strictObject({
  of: z.int().positive(),
  /** Text as shown; erasable, since it may repeat the question. */
  text: TextRef.nullable(),
  /** Entries it rests on. */
  sources: z.array(z.int().positive()),
  model: z.string().nullable(),
  costUsd: z.number().min(0),
  because: z.string().nullable(),
})
/** What a person decided. `stopped`: nothing said to the bot in passing is kept from then on; what was kept stays, unexported. */
export const ConsentEntry = z.strictObject({
  person: Pseudonym,
  channel: Channel,
  consent: z.enum([...ConsentState.options, 'stopped']),
})
/** Everything held on a person was erased; what stays are numbers under a name that nobody can trace back. */
export const ForgottenEntry = z.strictObject({ person: Pseudonym, channel: Channel, texts: z.int().min(0) })
/** A person was told once what is kept and how to stop it. */
export const NoticeEntry = z.strictObject({ person: Pseudonym, channel: Channel })
/** The owner's own trade, with a reason: `/trade`. It moves no money of the book. */
export const OwnerTradeEntry = z.strictObject({
  ...Said,
  symbol: z.string().min(1).max(24),
  side: z.enum(['buy', 'sell']),
  /** Base currency of the book. */
  amount: z.number().positive(),
})
/** The owner halted or went on with a book: while halted, a day's decision is `no-decision` and stops still run. */
export const SwitchEntry = z.strictObject({
  target: z.string().min(1),
  state: z.enum(['paused', 'running']),
  by: Pseudonym.nullable(),
})

/** Kinds of the book `community`. */
export const communityBodies = {
  reply: ReplyEntry,
  edit: EditEntry,
  deletion: DeletionEntry,
  reaction: ReactionEntry,
  opinion: OpinionEntry,
  prediction: PredictionEntry,
  feedback: FeedbackEntry,
  question: QuestionEntry,
  answer: AnswerEntry,
  consent: ConsentEntry,
  forgotten: ForgottenEntry,
  notice: NoticeEntry,
  trade: OwnerTradeEntry,
  switch: SwitchEntry,
} as const
