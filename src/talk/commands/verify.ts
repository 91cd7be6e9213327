import { headsFile, readHeads } from '../../adapters/database/heads.ts'
import type { Journal } from '../../adapters/database/journal.ts'
import type { Verification } from '../../adapters/database/verify.ts'
import type { Context } from '../../context.ts'
import type { Entry } from '../../journal/entry.ts'
import { quoted, Refusal, type TalkCommand } from './kit.ts'

/** A verification reads the whole journal; who asks again within a minute is told the same. */
const keptMs = 60_000
const verified = new WeakMap<Journal, { readonly at: number; readonly result: Promise<Verification> }>()

/** Whether a hash from a post is in the journal, and whether the whole chain holds. */
export const verify: TalkCommand = {
  definition: {
    name: 'verify',
    description: 'Check the journal, or find the entry behind the hash of a post',
    options: [
      {
        name: 'hash',
        description: 'The 32 or 64 hex digits at the end of a post; the whole journal unless given',
        type: 'text',
        required: false,
        lengthMax: 100,
      },
    ],
  },
  isPrivate: false,
  async run(ctx, { options }) {
    const asked = options.hash === undefined ? null : hashIn(String(options.hash))
    const entry = asked === null ? null : await ctx.journal.withHash(asked)
    if (asked !== null && entry === null) {
      throw new Refusal(
        `No entry of this journal has the hash ${asked.slice(0, 32)}. Whoever shows it did not take it from here.`,
      )
    }
    const result = await verification(ctx)
    return {
      kind: 'reply',
      content: [...(entry === null ? [] : [found(entry)]), verdict(result)].join('\n'),
      ephemeral: false,
    }
  },
}

/** 16 to 64 hex digits, as they stand or within what was copied along with them. */
function hashIn(text: string): string {
  const [hash] = /(?<![0-9a-f])[0-9a-f]{16,64}(?![0-9a-f])/i.exec(text) ?? []
  if (hash === undefined)
    throw new Refusal(`${quoted(text, 40)} is no hash: copy the 32 or 64 hex digits at the end of a post.`)
  return hash.toLowerCase()
}

function verification(ctx: Context): Promise<Verification> {
  const before = verified.get(ctx.journal)
  if (before !== undefined && performance.now() - before.at < keptMs) return before.result
  const { heads } = readHeads(ctx.home)
  const from = `published in ${headsFile('')}`
  const result = ctx.journal.verify({ heads: heads.map(({ seq, hash }) => ({ seq, hash, from })) })
  verified.set(ctx.journal, { at: performance.now(), result })
  result.catch(() => verified.delete(ctx.journal))
  return result
}

function found({ seq, kind, book, at, hash, body }: Entry): string {
  const date = 'date' in body ? ` of ${body.date}` : ''
  return `Entry ${seq}: ${kind}${date} of the book ${quoted(book)}, written ${at}.\n\`${hash}\``
}

function verdict({ ok, entries, head, firstBad, tail, provenTo }: Verification): string {
  if (!ok) return `The journal does **not** verify: ${quoted(firstBad?.because ?? 'no reason was found', 300)}.`
  if (head === null) return 'The journal is empty.'
  const proof =
    tail === 'proven'
      ? 'Its end is a published head.'
      : `Published heads vouch for it up to entry ${provenTo}; what came after is not published yet.`
  return `The journal verifies: ${entries} entries, each chained to the one before, up to entry ${head.seq} of ${head.at}. ${proof}\n\`${head.hash}\``
}
