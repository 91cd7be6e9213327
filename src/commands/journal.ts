import { headsFile, readHeads } from '../adapters/database/heads.ts'
import { type EntryFilter, type Journal, openJournal } from '../adapters/database/journal.ts'
import type { KnownHead, Verification } from '../adapters/database/verify.ts'
import { InputError } from '../errors.ts'
import { type Entry, type EntryKind, entryBodies } from '../journal/entry.ts'
import { IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { entrySummary } from './entry-summary.ts'

/** `primer journal verify`: the whole chain, against the head given and the published ones. Exit code 1 when it is broken. */
export async function journalVerify(
  options: { readonly head?: string | undefined; readonly databaseUrl: string; readonly home: string },
  io: CommandIo,
): Promise<CommandResult> {
  const given = options.head === undefined ? [] : [parseHead(options.head)]
  const { heads, malformed } = readHeads(options.home)
  for (const line of malformed) io.say(line)
  const published = heads.map(
    ({ seq, hash }): KnownHead => ({ seq, hash, from: `published in ${headsFile(options.home)}` }),
  )
  return withJournal(options.databaseUrl, { unchecked: true }, async (journal) => {
    const result = await journal.verify({ heads: [...given, ...published] })
    const notes = malformed.length === 0 ? {} : { notes: malformed }
    return {
      text: verificationText(journal.url, result, witness(result.provenTo, given, headsFile(options.home))),
      json: { ...result, ...notes },
      exitCode: result.ok ? 0 : 1,
    }
  })
}

/** `primer journal head`: the last entry's number, hash and time. */
export async function journalHead(options: { readonly databaseUrl: string }, _io: CommandIo): Promise<CommandResult> {
  return withJournal(options.databaseUrl, {}, async (journal) => {
    const head = await journal.head()
    return { text: head === null ? 'The journal is empty.' : `${head.seq}:${head.hash} ${head.at}`, json: head }
  })
}

export type ShowOptions = {
  readonly databaseUrl: string
  /** One entry, whole. */
  readonly seq?: string | number | undefined
  readonly kind?: string | undefined
  readonly book?: string | undefined
  /** An entry's number, or a date of its time in UTC; both ends belong to it. */
  readonly from?: string | number | undefined
  readonly to?: string | number | undefined
  /** The latest so many that match; 50 unless asked. */
  readonly limit?: string | number | undefined
}

/** `primer journal show`: one line an entry, or one entry whole. It looks into a broken journal too, up to the break. */
export async function journalShow(options: ShowOptions, _io: CommandIo): Promise<CommandResult> {
  const { seq, limit, filter } = showFilter(options)
  return withJournal(options.databaseUrl, { unchecked: true }, async (journal) => {
    if (seq !== undefined) {
      const [entry] = await Array.fromAsync(journal.read({ fromSeq: seq, toSeq: seq }))
      if (entry === undefined) throw await noSuchEntry(journal, seq)
      return { text: JSON.stringify(entry, null, 2), json: entry }
    }
    const found = await Array.fromAsync(journal.read({ ...filter, latest: limit + 1 }))
    const entries = found.slice(-limit)
    const older = found.length > entries.length
    const lines = entries.map(line)
    if (entries.length === 0) lines.push('No entry matches.')
    if (older) lines.push(`The latest ${limit}; older ones match too: --limit N shows more, --from and --to a range.`)
    return { text: lines.join('\n'), json: { entries, older } }
  })
}

async function withJournal<T>(
  url: string,
  options: { readonly unchecked?: boolean },
  work: (journal: Journal) => Promise<T>,
): Promise<T> {
  const journal = await openJournal(url, { readOnly: true, ...options })
  try {
    return await work(journal)
  } finally {
    await journal.close()
  }
}

function parseHead(text: string): KnownHead {
  const match = /^([1-9]\d{0,14}):([0-9a-f]{32}|[0-9a-f]{64})$/i.exec(text.trim())
  if (match === null) {
    throw new InputError(
      '--head is not SEQ:HASH: an entry number, a colon and its hash of 64 hex digits (or the 32 of a post on X), as "primer journal head" prints it',
    )
  }
  return { seq: Number(match[1]), hash: match[2]!.toLowerCase(), from: 'given with --head' }
}

/** Where the head that vouches for an entry is known from; what was given came from farther away than a file in the home. */
function witness(seq: number, given: readonly KnownHead[], file: string): string {
  return given.some((head) => head.seq === seq) ? 'the head given' : `the last head published in ${file}`
}

/** @param vouching what vouches for the entries up to `provenTo` */
function verificationText(url: string, result: Verification, vouching: string): string {
  const { entries, verified, head, firstBad, provenTo } = result
  if (firstBad !== undefined) {
    return [
      `BROKEN: ${firstBad.because}.`,
      `The first bad entry is ${firstBad.seq}; ${verified} of ${entries} entries of ${url} were read before the fault was seen.`,
      'Nothing was changed. Only a copy of the journal that verifies mends this.',
    ].join('\n')
  }
  if (head === null) return `ok: ${url} is empty. Whether it ever held an entry cannot be seen without a known head.`
  const chain = `ok: ${entries} entries of ${url}, numbered from 1 without a gap; every hash fits its entry and the entry before it.`
  const end = `Head ${head.seq}:${head.hash} (${head.at}).`
  if (provenTo === head.seq) {
    return [chain, end, `The tail is proven: the last entry is ${vouching}.`].join('\n')
  }
  const proven =
    provenTo === 0
      ? 'no head was there to compare with'
      : `${vouching} vouches for the entries up to ${provenTo} and for no later one`
  return [
    chain,
    end,
    `The tail is unproven: ${proven}, and whether entries were cut off after ${head.seq} cannot be seen from inside.`,
    'Compare with a head you wrote down, or with the hash in a post: primer journal verify --head SEQ:HASH',
  ].join('\n')
}

async function noSuchEntry(journal: Journal, seq: number): Promise<InputError> {
  const head = await journal.head()
  const end = head === null ? 'it is empty' : `it ends at entry ${head.seq}`
  return new InputError(`The journal ${journal.url} has no entry ${seq}; ${end}`)
}

function line(entry: Entry): string {
  return `${String(entry.seq).padStart(6)}  ${entry.at}  ${entry.book}  ${entry.kind.padEnd(8)}  ${entrySummary(entry)}`
}

function showFilter(options: ShowOptions): {
  readonly seq: number | undefined
  readonly limit: number
  readonly filter: EntryFilter
} {
  const faults: string[] = []
  const seq = positive('the entry', options.seq, faults)
  const limit = positive('--limit', options.limit, faults) ?? 50
  const kind = options.kind as EntryKind | undefined
  if (kind !== undefined && !Object.hasOwn(entryBodies, kind)) {
    faults.push(`--kind ${kind} is no kind of entry; there are ${Object.keys(entryBodies).join(', ')}`)
  }
  const from = bound('--from', options.from, faults)
  const to = bound('--to', options.to, faults)
  if (faults.length > 0) throw new InputError(faults)
  return {
    seq,
    limit,
    filter: {
      ...(options.book === undefined ? {} : { book: options.book }),
      ...(kind === undefined ? {} : { kinds: [kind] }),
      ...(typeof from === 'number' ? { fromSeq: from } : {}),
      ...(typeof to === 'number' ? { toSeq: to } : {}),
      ...(typeof from === 'string' ? { fromAt: from } : {}),
      // Instants compare as text, and every one of that day comes before an hour that does not exist.
      ...(typeof to === 'string' ? { beforeAt: `${to}T24` } : {}),
    },
  }
}

function positive(name: string, given: string | number | undefined, faults: string[]): number | undefined {
  if (given === undefined) return undefined
  const text = String(given)
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  faults.push(`${name} must be a whole number from 1 on; it is "${text.slice(0, 40)}"`)
  return undefined
}

function bound(name: string, given: string | number | undefined, faults: string[]): number | string | undefined {
  if (given === undefined) return undefined
  const text = String(given)
  if (/^\d{1,9}$/.test(text)) return Number(text)
  if (IsoDate.safeParse(text).success) return text
  faults.push(`${name} must be an entry's number or a date such as 2020-03-12; it is "${text.slice(0, 40)}"`)
  return undefined
}
