import { InputError } from '../../errors.ts'
import type { History } from '../../market/bar.ts'
import { closeAt, instantAt, isSession, openAt } from '../../market/calendar.ts'
import type { HistoryRequest, Listing, PriceSource, Rate, RateHistory } from '../../market/price-source.ts'
import type { Currency } from '../../units.ts'
import { fileName, openCsvDirectory } from './csv-directory.ts'
import { type CsvFile, faultsShown, someOf } from './csv-file.ts'

/**
 * Prices from a directory with one `SYMBOL.csv` for each symbol, its name percent-encoded as in a URL (`%5EFCHI.csv`) or plain
 * (`^FCHI.csv`); columns in `csv-file.ts`. The rate between two currencies is a file like Yahoo's: `EURUSD=X` holds dollars for
 * one euro, known at 16:00 in Paris, when the European Central Bank publishes.
 *
 * What is not yet known at `now` is not returned: bars appear when the exchange has closed, dividends and splits when it has
 * opened on their date, rates at their hour. Files are read once and kept; every fault of every file asked for is thrown together.
 */
export function openCsvMarket(directory: string): PriceSource {
  const { load, symbols, whyWithout } = openCsvDirectory(directory)
  const loadAll = async (listings: readonly Listing[]) => {
    // One after the other: a directory may hold more files than a process may have open.
    const loaded: Loaded[] = []
    for (const listing of listings) loaded.push({ listing, file: await load(listing.symbol) })
    return loaded
  }

  return {
    spec: `csv:${directory}`,
    label: 'CSV files',
    nature: 'recorded',

    async history(request) {
      const loaded = await loadAll(request.listings)
      const pairs: Pair[] = []
      for (const currency of foreignCurrencies(loaded, request.base)) {
        pairs.push(await findRates(load, request.base, currency))
      }
      const withoutRate = pairs.flatMap((pair) => (pair.file === null ? [missingRate(directory, request, pair)] : []))
      refuse(
        [...loaded, ...pairs].map(({ file }) => file),
        withoutRate,
      )

      const histories: History[] = []
      const absent: { symbol: string; because: string }[] = []
      for (const { listing, file } of loaded) {
        const history = file && knownHistory(file, listing, request)
        if (history) histories.push(history)
        else {
          const because = file ? whySilent(file, request) : whyWithout(listing.symbol)
          absent.push({ symbol: listing.symbol, because })
        }
      }
      const rates = pairs.flatMap((pair) => (pair.file === null ? [] : [knownRates(pair.file, pair, request)]))
      return { histories, rates, absent, notes: notesOn(loaded, pairs, histories, rates, request) }
    },

    async pairs({ quotes }) {
      const pairs = symbols.flatMap((symbol) => {
        const [, base, quote] = /^([A-Z0-9.$_-]{1,15})\/([A-Z]{3,5})$/.exec(symbol) ?? []
        if (base === undefined || quote === undefined || !quotes.includes(quote)) return []
        return [{ symbol, base, quote, quantityStep: null, takerFeeBps: null }]
      })
      return { pairs, notes: [] }
    },

    async quotes(listings, now) {
      const loaded = await loadAll(listings)
      refuse(loaded.map(({ file }) => file))
      return loaded.flatMap(({ listing, file }) => {
        const { symbol, currency, exchange } = listing
        const bar = file?.bars[countUpTo(file.bars, ({ date }) => openAt(exchange, date) <= now) - 1]
        if (!bar) return []
        const closed = closeAt(exchange, bar.date)
        if (closed <= now) return [{ symbol, currency, price: bar.close, at: closed }]
        return [{ symbol, currency, price: bar.open, at: openAt(exchange, bar.date) }]
      })
    },

    async range(listings) {
      const loaded = await loadAll(listings)
      refuse(loaded.map(({ file }) => file))
      const dates = loaded
        .flatMap(({ file }) => [file?.bars[0]?.date, file?.bars.at(-1)?.date])
        .filter((it) => it !== undefined)
      dates.sort()
      const [from, to] = [dates[0], dates.at(-1)]
      return from !== undefined && to !== undefined ? { from, to } : null
    },
  }
}

type Loaded = { readonly listing: Listing; readonly file: CsvFile | null }
type Pair = {
  readonly currency: Currency
  readonly symbol: string
  readonly inverted: boolean
  readonly file: CsvFile | null
}

/** Throws all faults at once; each file gets its share of the lines, so that one bad file does not hide the next. */
function refuse(files: readonly (CsvFile | null)[], others: readonly string[] = []): void {
  const faulty = [...new Set(files)].filter((file) => file !== null).filter((file) => file.faults.count > 0)
  if (faulty.length + others.length === 0) return
  const share = Math.max(3, Math.floor((faultsShown - others.length) / Math.max(1, faulty.length)))
  const lines = [...others, ...faulty.flatMap((file) => file.faults.first.slice(0, share))]
  const shown = lines.slice(0, faultsShown)
  const more = others.length + faulty.reduce((sum, file) => sum + file.faults.count, 0) - shown.length
  throw new InputError(more > 0 ? [...shown, `and ${more} more`] : shown)
}

/** Currencies other than the base of the symbols that have a file; what has no price needs no rate. */
function foreignCurrencies(loaded: readonly Loaded[], base: Currency): readonly Currency[] {
  const found = loaded.filter(({ file }) => file !== null).map(({ listing }) => listing.currency)
  return [...new Set(found)].filter((currency) => currency !== base).sort()
}

async function findRates(
  load: (symbol: string) => Promise<CsvFile | null>,
  base: Currency,
  currency: Currency,
): Promise<Pair> {
  // Yahoo's EURUSD=X is dollars for one euro: the base for one unit of the currency is its inverse.
  const usual = { currency, symbol: `${base}${currency}=X`, inverted: true }
  const file = await load(usual.symbol)
  if (file) return { ...usual, file }
  const direct = { currency, symbol: `${currency}${base}=X`, inverted: false }
  const other = await load(direct.symbol)
  return other ? { ...direct, file: other } : { ...usual, file: null }
}

function missingRate(directory: string, request: HistoryRequest, { currency, symbol }: Pair): string {
  const priced = request.listings.filter((listing) => listing.currency === currency).map((listing) => listing.symbol)
  const direct = fileName(`${currency}${request.base}=X`)
  return (
    `mixed currencies without a rate: ${someOf(priced)} trade in ${currency} and the book counts in ${request.base}; ` +
    `add ${fileName(symbol)} (${currency} for 1 ${request.base}) or ${direct} to ${directory}`
  )
}

/** Why a file has nothing to say in the range asked for. */
function whySilent(file: CsvFile, { from, to, now }: HistoryRequest): string {
  const [first, last] = [file.bars[0]?.date, file.bars.at(-1)?.date]
  if (first === undefined) return `${file.file} has no prices`
  return `${file.file} has bars from ${first} to ${last}, none from ${from} to ${to} that was known at ${now}`
}

/** What the file holds from `from` to `to` and was known at `now`, or null when that is nothing. */
function knownHistory(file: CsvFile, listing: Listing, { from, to, now }: HistoryRequest): History | null {
  const { symbol, currency, exchange } = listing
  const asked = ({ date }: { readonly date: string }) => date >= from && date <= to
  // Splits and dividends are in force from the open of their date, when fills need them; a bar is whole at the close.
  const inForce = ({ date }: { readonly date: string }) => asked({ date }) && openAt(exchange, date) <= now
  const bars = file.bars
    .slice(
      0,
      countUpTo(file.bars, ({ date }) => closeAt(exchange, date) <= now),
    )
    .filter(asked)
  const dividends = file.dividends.filter(inForce)
  const splits = file.splits.filter(inForce)
  return bars.length + dividends.length + splits.length > 0 ? { symbol, currency, bars, dividends, splits } : null
}

function knownRates(file: CsvFile, { currency, inverted }: Pair, { base, from, to, now }: HistoryRequest): RateHistory {
  const rates: Rate[] = []
  for (const { date, close } of file.bars) {
    if (date < from || date > to) continue
    const knownAt = instantAt(date, '16:00', 'Europe/Paris')
    if (knownAt <= now) rates.push({ date, rate: inverted ? 1 / close : close, knownAt })
  }
  return { currency, base, rates }
}

/** How many leading items the test holds for; dates rise, and so do the moments of their opens and closes. */
function countUpTo<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(items[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

function notesOn(
  loaded: readonly Loaded[],
  pairs: readonly Pair[],
  histories: readonly History[],
  rates: readonly RateHistory[],
  { listings, from, to }: HistoryRequest,
): readonly string[] {
  const filesByNote = new Map<string, string[]>()
  for (const file of new Set([...loaded, ...pairs].map((it) => it.file))) {
    for (const note of file?.notes ?? []) filesByNote.set(note, [...(filesByNote.get(note) ?? []), file!.file])
  }
  const notes = [...filesByNote].map(([note, files]) => `${someOf(files)}: ${note}.`)
  for (const { currency, base, rates: known } of rates) {
    if (known.length === 0) notes.push(`No rate of ${currency} in ${base} is known from ${from} to ${to}.`)
  }
  for (const exchange of new Set(listings.map((listing) => listing.exchange))) {
    const here = new Set(listings.filter((listing) => listing.exchange === exchange).map(({ symbol }) => symbol))
    const closed = histories
      .filter(({ symbol }) => here.has(symbol))
      .map(({ symbol, bars }) => ({
        symbol,
        dates: bars.map(({ date }) => date).filter((date) => !isSession(exchange, date)),
      }))
      .filter(({ dates }) => dates.length > 0)
    const days = [...new Set(closed.flatMap(({ dates }) => dates))].sort()
    if (days.length === 0) continue
    notes.push(
      `Bars on ${days.length === 1 ? 'a day' : `${days.length} days`} that the calendar of ${exchange} calls closed, kept as given: ` +
        `${someOf(days)}, in ${someOf(closed.map(({ symbol }) => symbol))}.`,
    )
  }
  return notes
}
