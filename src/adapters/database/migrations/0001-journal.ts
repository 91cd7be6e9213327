import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The chain of entries, and the keys of the steps that were done.
 * No trigger and no foreign key protects the rows: whoever owns the file can change it, and `journal verify` finds it.
 */
export const journal: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('entries')
      .addColumn('seq', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('book', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('previousHash', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('entriesByBookAndKind').on('entries').columns(['book', 'kind', 'seq']).execute()
    await db.schema
      .createTable('steps')
      .addColumn('key', 'text', (column) => column.primaryKey().notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .execute()
  },
}
