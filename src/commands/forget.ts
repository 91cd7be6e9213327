import { publishHeadOf } from '../adapters/database/heads.ts'
import { type Journal, openJournal } from '../adapters/database/journal.ts'
import { readConfig } from '../config.ts'
import { systemClock } from '../context.ts'
import { ConflictError, InputError } from '../errors.ts'
import type { Entry } from '../journal/entry.ts'
import type { Channel } from '../journal/outbox-entry.ts'
import { forgetPerson } from '../talk/commands/privacy.ts'
import { type PeopleContext, peopleOf } from '../talk/people.ts'
import { keysOf, type SaidContent } from '../talk/said.ts'
import type { CommandIo, CommandResult } from './command.ts'

export type ForgetOptions = {
  readonly channel: Channel
  /** Number of the account on its channel. */
  readonly user?: string
  /** Address or number of anything that the person said to the bot. */
  readonly message?: string
}

/**
 * `primer forget`: what `/privacy forget` does on Discord, for a person who asked its owner for it elsewhere.
 *
 * @throws InputError for a message that is not on record; ConfigError for another people key than the journal's
 */
export async function forget({ channel, user, message }: ForgetOptions, io: CommandIo): Promise<CommandResult> {
  if ((user === undefined) === (message === undefined)) {
    throw new InputError('name either the account by --user NUMBER, or something it said by --message ADDRESS')
  }
  if (user !== undefined && !/^\d{1,20}$/.test(user)) {
    throw new InputError(
      `--user ${JSON.stringify(user)} is no number of an account; a name can change hands, a number cannot`,
    )
  }
  const config = readConfig(io.environment)
  const journal = await openJournal(config.databaseUrl, { create: false })
  try {
    const ctx = { journal, config, home: config.home, clock: systemClock }
    const userId = user ?? (await authorOf(ctx, channel, message!))
    const texts = await withRetries(() => forgetPerson(ctx, { channel, userId }, new Date().toISOString()))
    await publishHeadOf(config.home, journal)
    const text =
      texts === null
        ? 'This person was forgotten before; nothing is kept about them.'
        : `Forgotten: ${texts} ${texts === 1 ? 'text' : 'texts'} with every name, link and number erased. From now on nothing that this person says in passing is kept.`
    return { json: { channel, forgotten: true, texts: texts ?? 0, before: texts === null }, text }
  } finally {
    await journal.close()
  }
}

/** Who said something that is on record, by its number or the address that ends in it. */
async function authorOf(ctx: PeopleContext, channel: Channel, message: string): Promise<string> {
  const id = /(\d{1,20})\D*$/.exec(message.replace(/[?#].*$/, ''))?.[1]
  const seq = id === undefined ? null : await ctx.journal.done(keysOf(await peopleOf(ctx)).message(channel, id))
  const said = seq === null ? undefined : await contentOf(ctx.journal, seq)
  if (said !== undefined) return said.userId
  throw new InputError(
    `${JSON.stringify(message)} is nothing that is kept of anybody on ${channel}; look at the address, or name the account by --user NUMBER`,
  )
}

async function contentOf(journal: Journal, seq: number): Promise<SaidContent | undefined> {
  const [entry] = await Array.fromAsync(journal.read({ seqs: [seq], kinds: ['reply'] }))
  const ref = (entry as Entry<'reply'> | undefined)?.body.text
  return ref == null ? undefined : ((await journal.texts([ref.id])).get(ref.id) as SaidContent | undefined)
}

/** Whatever the person said in between is erased as well. */
async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof ConflictError) || tries >= 5) throw error
    }
  }
}
