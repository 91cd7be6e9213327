/**
 * A process that appends entries: `journal-writer.ts URL BOOK COUNT`, one a transaction, each with a key.
 * It prints the number of each entry once it is written, retries when another writer was faster, and resumes by its keys.
 */
import { openJournal } from '../../src/adapters/database/journal.ts'
import { ConflictError } from '../../src/errors.ts'
import { alertEntry } from './alerts.ts'

const [url, book, count] = process.argv.slice(2) as [string, string, string]
const journal = await openJournal(url)
for (let value = 1; value <= Number(count); value++) {
  try {
    const result = await journal.append([alertEntry(value, { book, key: `${book}/${value}` })])
    process.stdout.write(`${result.kind} ${result.kind === 'appended' ? result.entries[0]!.seq : result.seq}\n`)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    value--
  }
}
await journal.close()
