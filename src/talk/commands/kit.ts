import { bookNames } from '../../books.ts'
import type { Context, OpenBook } from '../../context.ts'
import { InputError } from '../../errors.ts'
import type { EntryBodies, EntryKind } from '../../journal/entry.ts'
import type { Answer, AnswerEmbed, Command, CommandOption, Interaction } from '../../journal/incoming.ts'
import type { DiscordPost } from '../../posts/discord.ts'
import { labelsOf } from '../../posts/labels.ts'
import { cutForDiscord } from '../../posts/length.ts'
import { noticeText, recordNoticeTo } from '../notice.ts'
import { type Account, type Known, peopleOf } from '../people.ts'
import { readPriceBoard } from '../prices.ts'
import { communityBook, keysOf, type SaidContent, sealSaid } from '../said.ts'
import type { Target } from '../targets.ts'

export type Reply = Extract<Answer, { readonly kind: 'reply' }>
export type Choices = Extract<Answer, { readonly kind: 'choices' }>

/** A slash command: what Discord is told of it, and what it answers. */
export type TalkCommand = {
  readonly definition: Command
  /** Only the person who asks sees the answer. */
  readonly isPrivate: boolean
  readonly isOwners?: boolean
  readonly run: (ctx: Context, interaction: Interaction) => Promise<Answer>
  /** Suggestions for the option being typed. */
  readonly suggest?: (ctx: Context, interaction: Interaction) => Promise<Choices>
  /** What the form of that name, once sent, comes to. */
  readonly sent?: (ctx: Context, interaction: Interaction) => Promise<Answer>
}

/** An answer in words that only the asker sees. */
export function whisper(content: string): Reply {
  return { kind: 'reply', content, ephemeral: true }
}

/** Something that cannot be done as it was asked: shown to the person as it is, so it holds no word of theirs unescaped. */
export class Refusal extends Error {}

/** Outside text within a sentence: escaped, one line, short. */
export function quoted(text: unknown, most = 60): string {
  return cutForDiscord(String(text), most) || 'nothing'
}

export const bookOption: CommandOption = {
  name: 'book',
  description: 'Which portfolio; the first one that is open unless given',
  type: 'text',
  required: false,
  suggests: true,
  lengthMax: 60,
}

/** The books that are open, in their order. */
export async function openBooks(ctx: Context): Promise<readonly OpenBook[]> {
  const books = await Promise.all(bookNames().map((book) => ctx.state(book)))
  return books.filter((open) => open !== null)
}

/** The book that was asked for, or the first. */
export async function bookAsked(ctx: Context, { options }: Interaction): Promise<OpenBook> {
  const open = await openBooks(ctx)
  const [first] = open
  if (first === undefined) throw new Refusal('No portfolio is open yet: the journal begins with its first session.')
  if (options.book === undefined) return first
  const asked = String(options.book).trim().toLowerCase()
  const found = open.find(({ opened }) => opened.book === asked)
  if (found !== undefined) return found
  const names = open.map(({ opened }) => quoted(opened.book)).join(', ')
  throw new Refusal(`There is no open portfolio called ${quoted(options.book)}; there is ${names}.`)
}

export async function suggestBooks(ctx: Context, { options }: Interaction): Promise<Choices> {
  const typed = String(options.book ?? '').toLowerCase()
  const names = (await openBooks(ctx)).map(({ opened }) => opened.book).filter((name) => name.startsWith(typed))
  return { kind: 'choices', choices: names.map((name) => ({ name, value: name })) }
}

/** A rendered post as an answer: its embeds and, where there are any, its buttons. Pictures are left out. */
export function postAnswer(post: DiscordPost, content?: string): Reply {
  const embeds: AnswerEmbed[] = post.embeds.map(({ image: _, ...embed }) => embed)
  return {
    kind: 'reply',
    embeds,
    components: post.components,
    ephemeral: false,
    ...(content === undefined ? {} : { content }),
  }
}

/** A post's rendering refuses what breaks a limit by throwing; nobody who asks must see more than that. */
export function labelsFor({ opened }: OpenBook) {
  return labelsOf(opened, 'discord')
}

type SaidBody<K extends EntryKind> = Omit<
  EntryBodies[K],
  'channel' | 'person' | 'saidAt' | 'text' | 'consent' | 'post' | 'decision' | 'prices'
>
type SaidKind = 'opinion' | 'prediction' | 'feedback' | 'question' | 'trade'

export type Recorded = {
  readonly seq: number
  readonly hash: string
  readonly person: Known
  /** What the person is told once, or nothing. */
  readonly notice: string
  /** Whether it was on record before. */
  readonly isRepeated: boolean
}

/**
 * Writes down what a person did on purpose: a command, a button, a form. That is kept whatever they decided about talk in
 * passing; who was forgotten gets a new name with it.
 *
 * @param input.key where another key than the interaction's own makes it happen once
 * @param input.text words that came with it
 */
export async function recordSaid<K extends SaidKind>(
  ctx: Context,
  interaction: Interaction,
  input: {
    readonly kind: K
    readonly body: SaidBody<K>
    readonly target: Target
    readonly text: string | null
    /** A symbol whose price belongs to it. */
    readonly about?: string
    readonly key?: string
  },
): Promise<Recorded> {
  const account = accountOf(interaction)
  const people = await peopleOf(ctx)
  const person = (await people.enrol([account])).get(people.lookup(account))
  if (person === undefined) throw new Refusal('You were forgotten at this very moment. Please ask again.')
  const { userId, userName, placeId, messageId, at: saidAt } = interaction
  const content: SaidContent = {
    channel: 'discord',
    userId,
    userName,
    text: input.text,
    placeId,
    ...(messageId === null ? {} : { messageId }),
  }
  const { ref, row } = sealSaid(person.pseudonym, content)
  const board = await readPriceBoard(ctx, saidAt)
  const key = input.key ?? keysOf(people).interaction('discord', interaction.interactionId)
  const at = ctx.clock.now(saidAt)
  const said = {
    channel: 'discord',
    person: person.pseudonym,
    saidAt,
    text: ref,
    consent: person.consent,
    ...input.target,
    prices: board.at(saidAt, [input.about, input.text].filter((part) => part != null).join(' ')),
  }
  const entry = { at, kind: input.kind, book: communityBook, key, erasable: [row], body: { ...said, ...input.body } }
  const result = await ctx.journal.append([entry as never], { people: new Map([[person.lookup, person.salt]]) })
  if (result.kind === 'already-done') {
    const [before] = await Array.fromAsync(ctx.journal.read({ seqs: [result.seq] }))
    return { seq: result.seq, hash: before?.hash ?? '', person, notice: '', isRepeated: true }
  }
  const { seq, hash } = result.entries[0]!
  const isNew = person.noticedAt === null && (await recordNoticeTo(ctx, account, person, saidAt))
  return { seq, hash, person, notice: isNew ? noticeText : '', isRepeated: false }
}

export function accountOf({ userId }: Interaction): Account {
  return { channel: 'discord', userId }
}

/** Sentences as one text, with what a person is told once at its end. */
export function withNotice(notice: string, ...sentences: readonly string[]): string {
  const said = sentences.filter((text) => text !== '').join(' ')
  return notice === '' ? said : `${said}\n-# ${notice}`
}

/** Runs a command and turns what it refuses into an answer. */
export async function refusing(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal) return whisper(error.message)
    // Input that a lower room refused: its words may hold what was typed.
    if (error instanceof InputError && error.name === 'InputError') return whisper(quoted(error.message, 600))
    throw error
  }
}
