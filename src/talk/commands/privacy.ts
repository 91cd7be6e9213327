import type { Journal } from '../../adapters/database/journal.ts'
import type { Context } from '../../context.ts'
import type { Entry, EntryKind } from '../../journal/entry.ts'
import type { Answer, Interaction } from '../../journal/incoming.ts'
import { inTurn } from '../capture.ts'
import { recordNoticeTo } from '../notice.ts'
import { type Account, type PeopleContext, peopleOf } from '../people.ts'
import { communityBook } from '../said.ts'
import { accountOf, Refusal, type TalkCommand, whisper } from './kit.ts'

/** What is held on a person, and how to end it. */
export const privacy: TalkCommand = {
  definition: {
    name: 'privacy',
    description: 'What is kept about you, and how to change or erase it',
    subcommands: [
      { name: 'export', description: 'Get everything that is kept about you, as a file' },
      { name: 'forget', description: 'Erase everything that is kept about you, at once and for good' },
      {
        name: 'consent',
        description: 'Say what may be done with what you say here',
        options: [
          {
            name: 'choice',
            description: 'research: may be used in exports; keep: kept, not exported; stop: nothing more is kept',
            type: 'text',
            required: true,
            choices: [
              { name: 'research: it may be used in exports, under a random name', value: 'research' },
              { name: 'keep: it is kept here, and not exported', value: 'keep' },
              { name: 'stop: nothing that I say in passing is kept any more', value: 'stop' },
            ],
          },
        ],
      },
    ],
  },
  isPrivate: true,
  async run(ctx, interaction) {
    const account = accountOf(interaction)
    switch (interaction.subcommand) {
      case 'export':
        return exportOf(ctx, account, interaction.at)
      case 'forget':
        return inTurn(ctx, () => forget(ctx, account, interaction.at))
      case 'consent':
        return inTurn(ctx, () => consent(ctx, account, interaction))
      default:
        throw new Refusal('Write /privacy export, /privacy forget or /privacy consent.')
    }
  },
}

async function exportOf(ctx: Context, account: Account, at: string): Promise<Answer> {
  const held = await heldOn(ctx, account)
  if (held === null) return whisper('Nothing is kept about you.')
  const bytes = Buffer.from(JSON.stringify({ exportedAt: at, ...held }, null, 2))
  return {
    kind: 'reply',
    content: `Everything that is kept about you: ${held.entries.length} entries, ${held.texts.length} texts.`,
    files: [{ name: 'about-you.json', bytes }],
    ephemeral: true,
  }
}

/** Everything that is held on an account; null when that is nothing. */
export async function heldOn(ctx: Context, account: Account) {
  const people = await peopleOf(ctx)
  const person = (await people.find([account])).get(people.lookup(account))
  if (person === undefined) return null
  const { salt, consent, listening, noticedAt, forgottenAt } = person
  const pseudonym = salt === null ? null : people.pseudonym(account, salt)
  const texts = pseudonym === null ? [] : await ctx.journal.textsOf(pseudonym)
  const entries =
    pseudonym === null
      ? []
      : await entriesOf(
          ctx.journal,
          pseudonym,
          texts.map(({ seq }) => seq),
        )
  return {
    account,
    /** Your name in the journal; it cannot be worked out without the key, nor at all once you are forgotten. */
    pseudonym,
    consent,
    keepsWhatYouSay: listening,
    noticedAt,
    nothingIsKeptFromBefore: forgottenAt,
    texts: texts.map(({ seq, content }) => ({ entry: seq, content })),
    entries: entries.map(({ seq, at, kind, body }) => ({ entry: seq, at, kind, body })),
  }
}

const personalKinds: readonly EntryKind[] = ['consent', 'notice', 'forgotten', 'switch', 'deletion']

/** Entries that name a person, and those that are about one of theirs. Whatever a person said has a text, by which it is found. */
async function entriesOf(journal: Journal, person: string, withText: readonly number[]): Promise<readonly Entry[]> {
  const entries = await Array.fromAsync(journal.read({ seqs: withText }))
  const own = new Set(withText)
  for await (const entry of journal.read({ book: communityBook, kinds: personalKinds })) {
    const body = entry.body as { person?: string; by?: string | null; of?: number }
    const isOwn = body.person === person || body.by === person || (body.of !== undefined && own.has(body.of))
    if (isOwn && !own.has(entry.seq)) entries.push(entry)
  }
  return entries.toSorted((a, b) => a.seq - b.seq)
}

async function forget(ctx: Context, account: Account, at: string): Promise<Answer> {
  const texts = await forgetPerson(ctx, account, at)
  if (texts === null) return whisper('You are forgotten already; nothing is kept about you.')
  return whisper(
    `You are forgotten: ${texts} text${texts === 1 ? '' : 's'} with every name, link and number of yours are erased. What stays are figures under a random name that cannot be traced back to you, and a mark that keeps your older messages out. From now on nothing that you say in passing is kept; commands that you send yourself are. /privacy consent changes that.`,
  )
}

/**
 * Erases texts and links of a person, and the salt of their name: what stays in the chain are numbers under a name that nobody
 * can trace back. From then on nothing they say in passing is kept.
 *
 * @returns how many texts were erased; null for somebody who was forgotten before
 */
export async function forgetPerson(
  ctx: PeopleContext & Pick<Context, 'clock'>,
  account: Account,
  at: string,
): Promise<number | null> {
  const people = await peopleOf(ctx)
  const lookup = people.lookup(account)
  // What somebody unknown said a moment ago may still be on its way: the mark is set for them too.
  const person = (await people.find([account])).get(lookup) ?? (await people.enrol([account])).get(lookup)
  if (person === undefined || person.salt === null) return null
  const pseudonym = people.pseudonym(account, person.salt)
  const texts = (await ctx.journal.textsOf(pseudonym)).length
  const entry = {
    at: ctx.clock.now(at),
    kind: 'forgotten' as const,
    book: communityBook,
    body: { person: pseudonym, channel: account.channel, texts },
  }
  await ctx.journal.append([entry], {
    people: new Map([[lookup, person.salt]]),
    erase: { persons: [pseudonym], forget: { lookups: [lookup], forgottenAt: at } },
  })
  return texts
}

async function consent(ctx: Context, account: Account, { options, at }: Interaction): Promise<Answer> {
  const choice = String(options.choice)
  if (!['research', 'keep', 'stop'].includes(choice)) throw new Refusal('Choose research, keep or stop.')
  const people = await peopleOf(ctx)
  const person = (await people.enrol([account])).get(people.lookup(account))
  if (person === undefined) throw new Refusal('You were forgotten at this very moment. Please ask again.')
  const wanted = {
    consent: choice === 'research' ? ('research' as const) : ('none' as const),
    listening: choice !== 'stop',
  }
  const said = {
    research: 'What you say here is kept and may be used in exports for research, under a random name.',
    keep: 'What you say here is kept under a random name, and is not exported.',
    stop: 'Nothing that you say in passing is kept from now on, and nothing that was kept is exported. Commands that you send yourself are still kept. /privacy forget erases what is there.',
  }[choice as 'research' | 'keep' | 'stop']
  if (person.consent === wanted.consent && person.listening === wanted.listening)
    return whisper(`That is so already. ${said}`)
  await ctx.journal.changePerson(person.lookup, wanted)
  const state = choice === 'stop' ? ('stopped' as const) : wanted.consent
  const body = { person: person.pseudonym, channel: account.channel, consent: state }
  await ctx.journal.append([{ at: ctx.clock.now(at), kind: 'consent', book: communityBook, body }])
  // Who decides knows already.
  if (person.noticedAt === null) await recordNoticeTo(ctx, account, person, at)
  return whisper(said)
}
