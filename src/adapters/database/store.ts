import type { Kysely } from 'kysely'
import { InputError, WorldError } from '../../errors.ts'
import type { ChainRow, StoredRow } from '../../journal/chain.ts'
import type { SealedText } from '../../journal/erasable.ts'
import type { Tables } from './tables.ts'

/** What SQLite and PostgreSQL do each in their own way; everything else goes through Kysely, the same for both. */
export type Store = {
  /** Where the journal lies, without password or parameters. */
  readonly url: string
  readonly kysely: Kysely<Tables>
  /** PostgreSQL schema of the tables; null for SQLite. */
  readonly schema: string | null
  tableNames(): Promise<readonly string[]>
  /** Called once before the tables are made. */
  readyToCreate(): Promise<void>
  /** Rows with every column that is not exactly the text it reads as replaced by its bytes. */
  exact(rows: readonly StoredRow[]): readonly StoredRow[]
  /**
   * One write transaction that no other writer shares: reads what `plan` needs to know, and writes what it answers.
   * Whatever `plan` throws leaves the database as it was.
   */
  append<T>(question: AppendQuestion, plan: (state: AppendState) => AppendPlan<T>): Promise<T>
  /** Called once something was overwritten with zeros: what it said must not be left in files beside the journal either. */
  scrub(): Promise<void>
  /** The error a user should see for one that the driver threw; an error that is no matter of the database comes back as it is. */
  failure(error: unknown, attempted: string): unknown
  close(): Promise<void>
}

export type AppendQuestion = {
  readonly fromSeq: number
  readonly keys: readonly string[]
  readonly book: string | null
  /** Lookups of people whose salt the plan wants to see. */
  readonly people?: readonly string[]
}

export type AppendState = {
  /** Rows from `fromSeq` to the end; null where the database says that nobody wrote since this process wrote that last entry. */
  readonly tail: readonly StoredRow[] | null
  /** Which of the keys are done. */
  readonly done: readonly { readonly key: string; readonly seq: number }[]
  /** Last entry of the book asked for; 0 where it has none. */
  readonly bookSeq: number
  /** Salt of each person asked for who is known. */
  readonly salts: ReadonlyMap<string, string>
}

export type AppendPlan<T> = {
  readonly rows: readonly ChainRow[]
  readonly steps: readonly { readonly key: string; readonly seq: number }[]
  readonly texts?: readonly (SealedText & { readonly seq: number })[]
  readonly erase?: Erasure
  readonly answer: T
}

/** What an append overwrites with zeros in its own transaction. */
export type Erasure = {
  /** Texts by their number. */
  readonly ids?: readonly string[]
  /** All texts about these pseudonyms. */
  readonly persons?: readonly string[]
  /** Lookups of people to be forgotten: their salts go, and nothing said until `forgottenAt` is captured again. */
  readonly forget?: { readonly lookups: readonly string[]; readonly forgottenAt: string }
}

/** Turns what a driver throws into an error that says what was tried and what to do. */
export async function guarded<T>(store: Store, attempted: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw shownFailure(store, error, attempted)
  }
}

/** The error a user should see: ours as it is, the driver's in our words. */
export function shownFailure(store: Store, error: unknown, attempted: string): unknown {
  return error instanceof InputError || error instanceof WorldError ? error : store.failure(error, attempted)
}
