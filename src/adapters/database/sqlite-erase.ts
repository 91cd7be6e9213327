import type { DatabaseSync } from 'node:sqlite'
import type { Erasure } from './store.ts'
import { noSalt } from './tables.ts'

export type ErasureStatements = ReturnType<typeof erasureStatements>

/** Every column is overwritten with a value as wide as the one it had: so SQLite writes over the bytes where they lie. */
export function erasureStatements(database: DatabaseSync) {
  const bytes = 'length(CAST(content AS BLOB))'
  const blank = `UPDATE texts SET salt = '${noSalt}', content = substr(hex(zeroblob(${bytes})), 1, ${bytes}),
    person = CASE WHEN person IS NULL THEN NULL ELSE '${noSalt}' END`
  return {
    byId: database.prepare(`${blank} WHERE id = ?`),
    byPerson: database.prepare(`${blank} WHERE person = ?`),
    forget: database.prepare(
      `UPDATE people SET salt = '${noSalt}', consent = 0, listening = 0, "forgottenAt" = ? WHERE lookup = ?`,
    ),
  }
}

/** Runs inside the transaction of an append. */
export function eraseWith(statements: ErasureStatements, { ids = [], persons = [], forget }: Erasure): void {
  for (const id of ids) statements.byId.run(id)
  for (const person of persons) if (person !== noSalt) statements.byPerson.run(person)
  for (const lookup of forget?.lookups ?? []) statements.forget.run(forget!.forgottenAt, lookup)
}
