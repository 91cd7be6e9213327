import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Journal, Person } from '../adapters/database/journal.ts'
import type { Context } from '../context.ts'
import { ConfigError } from '../errors.ts'
import { makeFolder } from '../files.ts'
import type { Pseudonym } from '../journal/community-entry.ts'
import type { Channel } from '../journal/outbox-entry.ts'

/** An account as its channel knows it. */
export type Account = { readonly channel: Channel; readonly userId: string }

/** A person who has a name in the journal now. */
export type Known = Person & { readonly salt: string; readonly pseudonym: Pseudonym }

/**
 * People under names that nobody can trace back without the key: `PEOPLE_KEY`, or the file `people.key` of the home folder.
 *
 * - lookup: HMAC of the account. It finds the row in the table `people`, and stays when the person is forgotten, so that a
 *   backfill does not bring back what was erased.
 * - pseudonym: HMAC of the account and the salt in that row. It stands in entries. Once the salt is destroyed nobody can work
 *   it out again, whoever has the key.
 * - step keys: HMAC of message numbers, so that the table `steps` names no message.
 */
export type People = {
  readonly lookup: (account: Account) => string
  readonly pseudonym: (account: Account, salt: string) => Pseudonym
  /** A key for `steps` that says nothing to who lacks the people key. Equal parts give equal keys. */
  readonly opaque: (...parts: readonly string[]) => string
  /** People by their lookup; who never said anything is left out. */
  readonly find: (accounts: readonly Account[]) => Promise<ReadonlyMap<string, Person>>
  /** The same with a name for each, given now where there was none. */
  readonly enrol: (accounts: readonly Account[]) => Promise<ReadonlyMap<string, Known>>
}

/** What naming people takes of a context. */
export type PeopleContext = Pick<Context, 'journal' | 'config' | 'home'>

const opened = new WeakMap<Journal, Promise<People>>()

/**
 * The people of a journal. The first use makes the key file where there is none.
 *
 * @throws ConfigError when the key is another one than the journal's people were named with
 */
export function peopleOf(ctx: PeopleContext): Promise<People> {
  const known = opened.get(ctx.journal)
  if (known !== undefined) return known
  const people = openPeople(ctx)
  opened.set(ctx.journal, people)
  // A fault may be mended while the program runs.
  people.catch(() => opened.delete(ctx.journal))
  return people
}

async function openPeople(ctx: PeopleContext): Promise<People> {
  const { journal, config } = ctx
  const key = config.peopleKey ?? keyFile(join(ctx.home, 'people.key'))
  const hmac = (...parts: readonly string[]) =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex').slice(0, 32)
  await refuseOtherKey(journal, hmac('key'))
  const lookup = ({ channel, userId }: Account) => hmac('account', channel, userId)
  const pseudonym = ({ channel, userId }: Account, salt: string) => hmac('person', salt, channel, userId)
  const find: People['find'] = (accounts) => journal.people([...new Set(accounts.map(lookup))])
  return {
    lookup,
    pseudonym,
    opaque: (...parts) => hmac('said', ...parts),
    find,
    async enrol(accounts) {
      const byLookup = new Map(accounts.map((account) => [lookup(account), account]))
      let found = await find(accounts)
      const nameless = [...byLookup.keys()].filter((key) => (found.get(key)?.salt ?? null) === null)
      if (nameless.length > 0) {
        await journal.enrol(nameless.map((key) => ({ lookup: key, salt: randomBytes(16).toString('hex') })))
        found = await find(accounts)
      }
      const known = new Map<string, Known>()
      for (const [key, account] of byLookup) {
        const person = found.get(key)
        // Forgotten by another process between the two lines above: left out, as somebody who said nothing.
        if (person?.salt == null) continue
        known.set(key, { ...person, salt: person.salt, pseudonym: pseudonym(account, person.salt) })
      }
      return known
    },
  }
}

/** One journal may be shared by several machines; a machine with a key of its own would name everybody anew. */
async function refuseOtherKey(journal: Journal, print: string): Promise<void> {
  const known = await journal.cursor('people-key')
  if (known === null) return journal.setCursor('people-key', print)
  if (known === print) return
  throw new ConfigError(
    'PEOPLE_KEY (or the file people.key) is another key than the one the people of this journal were named with; bring that one back, or copy it from the machine that has it. Nothing was captured',
  )
}

/** The key in a file that its owner alone may read; drawn at random the first time. */
function keyFile(file: string): string {
  for (let tries = 0; ; tries++) {
    try {
      const text = readFileSync(file, 'utf8').trim()
      if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
      if (/^[0-9a-f]{64}$/.test(text)) return text
      // Another process may be between making the file and writing it.
      if (tries > 3)
        throw new ConfigError(`${file} holds no key of 64 hex digits; bring back a copy, or set PEOPLE_KEY`)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      makeKeyFile(file)
    }
  }
}

function makeKeyFile(file: string): void {
  makeFolder(join(file, '..'))
  let handle: number
  try {
    handle = openSync(file, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw new ConfigError(
      `${file} cannot be made (${(error as NodeJS.ErrnoException).code}); set PEOPLE_KEY, or PRIMER_HOME to a folder that can be written to`,
    )
  }
  try {
    writeSync(handle, `${randomBytes(32).toString('hex')}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
