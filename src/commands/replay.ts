import { openJournal } from '../adapters/database/journal.ts'
import { InputError } from '../errors.ts'
import type { Entry } from '../journal/entry.ts'
import { applyEntry, type BookState, compareWithClose, openState } from '../journal/replay.ts'
import type { IsoDate } from '../units.ts'
import { fromCents } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'

/** `primer replay`: holdings from the journal alone, compared with what was recorded at each close. Exit code 1 when they differ. */
export async function replayBook(
  options: { readonly book: string; readonly date?: IsoDate; readonly databaseUrl: string },
  _io: CommandIo,
): Promise<CommandResult> {
  const journal = await openJournal(options.databaseUrl, { readOnly: true })
  try {
    let state: BookState | null = null
    let entries = 0
    const differences: string[] = []
    for await (const entry of journal.read({ book: options.book })) {
      if (options.date !== undefined && dateOf(entry) > options.date) break
      entries++
      if (entry.kind === 'opened') {
        state = openState(entry as Entry<'opened'>)
        continue
      }
      if (entry.kind === 'trial') continue
      if (state === null) throw new InputError(`entry ${entry.seq} comes before the book ${options.book} was opened`)
      state = applyEntry(state, entry)
      if (entry.kind === 'close') differences.push(...compareWithClose(state, entry.body))
    }
    if (state === null) throw new InputError(`the journal ${journal.url} has no book called ${options.book}`)
    if (state.lastClose === null) {
      throw new InputError(
        `the book ${options.book} has no close${options.date === undefined ? '' : ` up to ${options.date}`}: there is nothing to compare with`,
      )
    }
    return resultOf(options.book, state, entries, differences)
  } finally {
    await journal.close()
  }
}

function dateOf(entry: Entry): IsoDate {
  return 'date' in entry.body ? entry.body.date : ''
}

function resultOf(book: string, state: BookState, entries: number, differences: readonly string[]): CommandResult {
  const ok = differences.length === 0
  const { holdings } = state
  const json = {
    ok,
    book,
    entries,
    differences,
    date: state.lastSession,
    cash: fromCents(holdings.cashCents),
    equity: state.lastClose?.body.equity ?? null,
    positions: holdings.positions.map(({ symbol, quantity, currency, openedOn }) => ({
      symbol,
      quantity,
      currency,
      openedOn,
    })),
    pending: holdings.pending,
  }
  const text = [
    ok
      ? `${book}: ${entries} entries replayed to ${state.lastSession ?? 'before its first session'}; cash, quantities, orders and equity agree with every recorded close.`
      : `${book}: ${entries} entries replayed, ${differences.length} differences from what was recorded:`,
    ...differences.slice(0, 20).map((difference) => `  ${difference}`),
    ...(differences.length > 20 ? [`  and ${differences.length - 20} more`] : []),
    `  cash ${state.opened.currency} ${fromCents(holdings.cashCents).toFixed(2)}`,
    ...holdings.positions.map(
      (position) => `  ${position.symbol.padEnd(8)} ${position.quantity} since ${position.openedOn}`,
    ),
  ].join('\n')
  return { json, text, exitCode: ok ? 0 : 1 }
}
