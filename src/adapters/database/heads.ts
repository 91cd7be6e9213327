import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { InputError, JournalError, WorldError } from '../../errors.ts'
import { makeFolder } from '../../files.ts'
import { Instant } from '../../units.ts'
import type { Head } from './verify.ts'

/**
 * The heads that were published, kept outside the journal: `PRIMER_HOME/heads`, one line `SEQ:HASH AT` each, only ever
 * appended to. Who cuts off the end of the journal would have to change this file, and every post that carries a hash, too.
 */
export function headsFile(home: string): string {
  return join(home, 'heads')
}

const Line = z
  .string()
  .regex(/^[1-9]\d{0,14}:[0-9a-f]{64} \S+$/)
  .transform((text) => {
    const [, seq, hash, at] = /^(\d+):(\w+) (\S+)$/.exec(text)!
    return { seq: Number(seq), hash: hash!, at: at! }
  })
  .refine(({ at }) => Instant.safeParse(at).success)

export type PublishedHeads = {
  readonly heads: readonly Head[]
  /** One sentence for each line that is no head: a torn write, or somebody's hand. */
  readonly malformed: readonly string[]
}

/** All published heads, oldest first. */
export function readHeads(home: string): PublishedHeads {
  const file = headsFile(home)
  if (!existsSync(file)) return { heads: [], malformed: [] }
  const heads: Head[] = []
  const malformed: string[] = []
  for (const [index, text] of textOf(file).split(/\r?\n/).entries()) {
    if (text === '') continue
    const line = Line.safeParse(text)
    if (line.success) heads.push(line.data)
    else malformed.push(`${file}, line ${index + 1} is not "SEQ:HASH AT" and was left out: ${text.slice(0, 100)}`)
  }
  return { heads, malformed }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new InputError(`${file} holds the published heads and cannot be read: ${(error as Error).message}`)
  }
}

/**
 * Appends a head and waits until it is on the disk; one that stands there already is not written again.
 *
 * @throws JournalError for a head below a published one, or beside one with another hash: it is of a journal that lost
 *   entries, or of another. Published, it would pass off what is left as the whole.
 */
export function publishHead(home: string, head: Head): void {
  const file = headsFile(home)
  try {
    const { heads } = readHeads(home)
    refuseFallBack(file, heads, head)
    if (heads.some(({ seq }) => seq === head.seq)) return
    makeFolder(dirname(file))
    // A line torn by a power cut must not swallow this one.
    const torn = existsSync(file) && !/(^|\n)$/.test(readFileSync(file, 'utf8'))
    appendDurably(file, `${torn ? '\n' : ''}${head.seq}:${head.hash} ${head.at}\n`)
  } catch (error) {
    if (error instanceof JournalError) throw error
    const said = error instanceof Error ? error.message : String(error)
    throw new WorldError(`publishing the journal's head in ${file} failed: ${said}; mend it and run this again`, {
      retryable: true,
      cause: error,
    })
  }
}

/** Publishes the last entry of a journal. Where another process published a later one meanwhile, the journal has that one too. */
export async function publishHeadOf(
  home: string,
  journal: { readonly head: () => Promise<Head | null> },
): Promise<void> {
  let head = await journal.head()
  for (;;) {
    try {
      if (head !== null) publishHead(home, head)
      else refuseFallBack(headsFile(home), readHeads(home).heads, null)
      return
    } catch (error) {
      if (!(error instanceof JournalError)) throw error
      const later = await journal.head()
      if ((later?.seq ?? 0) <= (head?.seq ?? 0)) throw error
      head = later
    }
  }
}

function refuseFallBack(file: string, heads: readonly Head[], head: Head | null): void {
  const lost = heads.find(({ seq }) => seq > (head?.seq ?? 0))
  const other = heads.find(({ seq, hash }) => seq === head?.seq && hash !== head.hash)
  const first = lost ?? other
  if (first === undefined) return
  const short = (hash: string) => hash.slice(0, 16)
  const now =
    head === null
      ? 'The journal is empty'
      : first === lost
        ? `The journal ends at entry ${head.seq}`
        : `The journal has entry ${head.seq} of hash ${short(head.hash)}`
  const what = first === lost ? `entry ${first.seq}` : 'one'
  throw new JournalError(
    `${now}, and ${what} of hash ${short(first.hash)} was published on ${first.at.slice(0, 10)} in ${file}: the journal was cut or replaced. Nothing was changed; bring back the copy that has it, or use another PRIMER_HOME for a new record`,
  )
}

function appendDurably(file: string, text: string): void {
  const handle = openSync(file, 'a')
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
