import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { ConfigError, ConflictError, WorldError } from '../../errors.ts'
import type { ChainRow, StoredRow } from '../../journal/chain.ts'
import type { AppendPlan, AppendQuestion, AppendState, Erasure, Store } from './store.ts'
import { noSalt, type Tables } from './tables.ts'

const int8 = 20
const tailPage = 200

/**
 * @param url the whole address, password included: it goes to the driver and nowhere else
 * @param shown the address as messages may show it
 */
export async function openPostgres(
  url: string,
  shown: string,
  options: { readonly readOnly: boolean },
): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    application_name: 'primer',
    connectionTimeoutMillis: 10_000,
    lock_timeout: 5000,
    // A process that hangs between BEGIN and COMMIT must not keep the others out for ever.
    idle_in_transaction_session_timeout: 60_000,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  })
  // A connection that breaks while idle is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => {})
  if (options.readOnly)
    pool.on('connect', (client) => {
      // Should it fail, the connection is broken, and the first query says so.
      client.query('SET default_transaction_read_only = on').catch(() => {})
    })
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const failure = (error: unknown, attempted: string) => postgresFailure(error, `${attempted} the journal ${shown}`)
  try {
    const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(kysely)
    const schema = rows[0]?.schema
    if (typeof schema !== 'string') {
      throw new ConfigError(`${shown} has no schema to write to: its search_path names none that exists`)
    }
    return postgresStore({ kysely, shown, schema, failure })
  } catch (error) {
    await kysely.destroy()
    throw failure(error, 'opening')
  }
}

function postgresStore(parts: {
  readonly kysely: Kysely<Tables>
  readonly shown: string
  readonly schema: string
  readonly failure: Store['failure']
}): Store {
  const { kysely, shown, schema, failure } = parts
  return {
    url: shown,
    kysely,
    schema,
    async tableNames() {
      const { rows } = await sql<{
        name: string
      }>`select tablename as name from pg_tables where schemaname = ${schema} order by 1`.execute(kysely)
      return rows.map((row) => row.name)
    },
    readyToCreate: async () => {},
    exact: (rows) => rows,
    append: <T>(question: AppendQuestion, plan: (state: AppendState) => AppendPlan<T>): Promise<T> =>
      kysely.transaction().execute(async (transaction) => {
        // One writer at a time. The lock comes first and alone: what is read after it is what the last writer left.
        await sql`select pg_advisory_xact_lock(hashtext('primer journal'), hashtext(${schema}))`.execute(transaction)
        const { rows, steps, texts = [], erase, answer } = plan(await readState(transaction, question))
        if (rows.length > 0) await insertRows(transaction, rows)
        if (steps.length > 0) await insertSteps(transaction, steps)
        if (texts.length > 0) await insertTexts(transaction, texts)
        if (erase !== undefined) await eraseIn(transaction, erase)
        return answer
      }),
    scrub: async () => {
      // Rows that were written over stay in the table's file until it is cleaned; the server would do it in its own time.
      await sql`vacuum texts, people`.execute(kysely)
    },
    failure,
    close: () => kysely.destroy(),
  }
}

async function readState(
  transaction: Transaction<Tables>,
  { fromSeq, keys, book, people }: AppendQuestion,
): Promise<AppendState> {
  const entries = transaction.selectFrom('entries')
  const tail: StoredRow[] = []
  for (let from = fromSeq; ; from = Number(tail.at(-1)!.seq) + 1) {
    // The limit keeps a planner that has not counted the rows yet from reading all of them.
    const page = await entries.selectAll().where('seq', '>=', from).orderBy('seq').limit(tailPage).execute()
    tail.push(...page)
    if (page.length < tailPage) break
  }
  const done =
    keys.length === 0
      ? []
      : await transaction.selectFrom('steps').selectAll().where('key', '=', sql<string>`any(${keys}::text[])`).execute()
  const salts =
    people === undefined
      ? []
      : await transaction
          .selectFrom('people')
          .select(['lookup', 'salt'])
          .where('lookup', '=', sql<string>`any(${people}::text[])`)
          .execute()
  const last =
    book === null
      ? undefined
      : await entries.select('seq').where('book', '=', book).orderBy('seq', 'desc').limit(1).executeTakeFirst()
  return {
    tail,
    done: inOrder(done, keys),
    bookSeq: last?.seq ?? 0,
    salts: new Map(salts.map((row) => [row.lookup, row.salt])),
  }
}

/** In the order of the keys asked for, as SQLite answers: the first is the one that is told. */
function inOrder(done: AppendState['done'], keys: readonly string[]): AppendState['done'] {
  if (done.length < 2) return done
  const seqs = new Map(done.map(({ key, seq }) => [key, seq]))
  return keys.flatMap((key) => {
    const seq = seqs.get(key)
    return seq === undefined ? [] : [{ key, seq }]
  })
}

/** One statement and seven parameters for any number of rows. */
async function insertRows(transaction: Transaction<Tables>, rows: readonly ChainRow[]): Promise<void> {
  const column = <K extends keyof ChainRow>(name: K) => rows.map((row) => row[name])
  await sql`insert into entries (seq, at, kind, book, body, "previousHash", hash)
    select * from unnest(${column('seq')}::integer[], ${column('at')}::text[], ${column('kind')}::text[], ${column('book')}::text[],
      ${column('body')}::text[], ${column('previousHash')}::text[], ${column('hash')}::text[])`.execute(transaction)
}

async function insertSteps(transaction: Transaction<Tables>, steps: AppendPlan<unknown>['steps']): Promise<void> {
  const keys = steps.map(({ key }) => key)
  const seqs = steps.map(({ seq }) => seq)
  await sql`insert into steps (key, seq) select * from unnest(${keys}::text[], ${seqs}::integer[])`.execute(transaction)
}

type TextRows = NonNullable<AppendPlan<unknown>['texts']>

async function insertTexts(transaction: Transaction<Tables>, texts: TextRows): Promise<void> {
  const column = <K extends keyof TextRows[number]>(name: K) => texts.map((row) => row[name])
  await sql`insert into texts (id, seq, person, salt, content)
    select * from unnest(${column('id')}::text[], ${column('seq')}::integer[], ${column('person')}::text[],
      ${column('salt')}::text[], ${column('content')}::text[])`.execute(transaction)
}

async function eraseIn(transaction: Transaction<Tables>, { ids, persons, forget }: Erasure): Promise<void> {
  const blank = sql`update texts set person = null, salt = ${noSalt}, content = repeat('0', octet_length(content))`
  if (ids !== undefined) await sql`${blank} where id = any(${ids}::text[])`.execute(transaction)
  if (persons !== undefined) await sql`${blank} where person = any(${persons}::text[])`.execute(transaction)
  if (forget === undefined) return
  await sql`update people set salt = ${noSalt}, consent = 0, listening = 0, "forgottenAt" = ${forget.forgottenAt}
    where lookup = any(${forget.lookups}::text[])`.execute(transaction)
}

/** Classes of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function postgresFailure(error: unknown, attempted: string): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const said = `${attempted} failed: ${error.message || code}`
  const options = { cause: error }
  if (/^(28|3D|3F|42501)/.test(code)) return new ConfigError(`${said}; check DATABASE_URL`, options)
  if (code === '23505') return new ConflictError(`${said}; run this again`)
  if (code === '55P03') {
    return world(`${said}; another process has been writing for 5 seconds: wait until it is done and run this again`)
  }
  if (code === '53100') return world(`${said}; free some space on the server and run this again`)
  if (/^(08|40|53|57|58)/.test(code)) return world(`${said}; run this again when the server is well`)
  if (/^E[A-Z]+$/.test(code) || /^(Connection terminated|timeout e)/.test(error.message)) {
    return world(`${said}; is the server running and reachable? Run this again; what was written is not written twice`)
  }
  return error

  function world(message: string): WorldError {
    return new WorldError(message, { retryable: true, ...options })
  }
}
