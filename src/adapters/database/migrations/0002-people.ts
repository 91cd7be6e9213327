import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * What people said, outside the chain so that it can be erased; who they are; and how far each source was read.
 *
 * Nothing in these tables is ever deleted: what goes is overwritten with as many zeros. SQLite then writes over the very
 * bytes, where a deletion would move neighbours about and leave copies of them in the unused parts of its pages.
 */
export const people: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('texts')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('person', 'text')
      .addColumn('salt', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('textsByEntry').on('texts').columns(['seq']).execute()
    await db.schema.createIndex('textsByPerson').on('texts').columns(['person']).execute()
    await db.schema
      .createTable('people')
      .addColumn('lookup', 'text', (column) => column.primaryKey().notNull())
      .addColumn('salt', 'text', (column) => column.notNull())
      .addColumn('consent', 'integer', (column) => column.notNull())
      .addColumn('listening', 'integer', (column) => column.notNull())
      .addColumn('noticedAt', 'text', (column) => column.notNull())
      .addColumn('forgottenAt', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('cursors')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute()
  },
}
