import { assetName } from '../catalysts/extraction.ts'
import { aged, scoreMatrix } from '../catalysts/features.ts'
import { defaultKindSettings } from '../catalysts/kinds.ts'
import type { StoredSignal } from '../catalysts/stored-signal.ts'
import { readConfig } from '../config.ts'
import { addDays } from '../market/calendar.ts'
import { parseMarketSpec } from '../market/market-spec.ts'
import type { Listing } from '../market/price-source.ts'
import { openMarket } from '../open-market.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo } from './command.ts'
import type { SignalFile, SignalRow } from './signal-file.ts'
import { journalSignals } from './stored-signals.ts'

/** In place of a file: the signals that `primer run extract` left in the journal. */
export const stored = 'stored'

/**
 * The journal's signals as rows for `ic` (each day's features: decayed scores of what was known) or `events` (one a kind, asset and
 * day), under the names that the market has for the coins. What the market does not trade, or what lies outside its dates, is left out and counted.
 */
export async function storedRows(
  kind: 'value' | 'group',
  { market, io }: { readonly market: string; readonly io: CommandIo },
): Promise<SignalFile> {
  const config = readConfig(io.environment)
  const set = await journalSignals(config)
  const source = await openMarket(parseMarketSpec(market), config)
  const spoken = aged(set.signals, defaultKindSettings).filter(({ score }) => score !== 0)
  const asked = { quotes: ['USDT', 'USD'], volume: { min: 0, max: Number.MAX_SAFE_INTEGER } }
  const always = [...new Set(spoken.map(({ asset }) => assetName(asset)))]
  const pairs = source.pairs === undefined ? null : (await source.pairs({ ...asked, always })).pairs
  const symbols = pairs === null ? null : new Map(pairs.map(({ symbol }) => [assetName(symbol), symbol]))
  const named = spoken.flatMap((signal) => {
    const asset = symbols === null ? signal.asset : symbols.get(assetName(signal.asset))
    return asset === undefined ? [] : [{ ...signal, asset }]
  })
  const range = await source.range(listingsOf(named))
  const inside = named.filter(({ knownAt }) => {
    const date = knownAt.slice(0, 10)
    return range === null || (date >= range.from && date <= range.to)
  })
  return {
    name: 'the journal',
    rows: kind === 'group' ? eventRows(inside) : featureRows(inside, range?.to ?? null),
    notes: [
      `Signals of the journal, by ${set.extractor}: ${inside.length} of ${set.signals.length}; ${set.signals.length - spoken.length} have no direction or were read long after they were news, ${spoken.length - named.length} are about assets that the market does not trade, ${named.length - inside.length} lie outside its dates.`,
      ...set.notes,
    ],
  }
}

function listingsOf(signals: readonly StoredSignal[]): readonly Listing[] {
  return [...new Set(signals.map(({ asset }) => asset))].map((symbol) => ({
    symbol,
    currency: 'USD',
    exchange: 'CRYPTO',
  }))
}

/** One event a kind, asset and day. */
function eventRows(signals: readonly StoredSignal[]): readonly SignalRow[] {
  const rows = new Map<string, SignalRow>()
  for (const { knownAt, asset, kind } of signals) {
    const date = knownAt.slice(0, 10)
    const key = `${date} ${asset} ${kind}`
    if (!rows.has(key)) rows.set(key, { line: 0, date, asset, value: Number.NaN, group: kind })
  }
  return byDate([...rows.values()])
}

/** The feature store's reading of every day: what was known by its end, halved by the half-life of its kind, kinds added up. */
function featureRows(signals: readonly StoredSignal[], last: IsoDate | null): readonly SignalRow[] {
  const dates = signals.map(({ knownAt }) => knownAt.slice(0, 10)).sort()
  if (dates.length === 0) return []
  const days: IsoDate[] = []
  const end = addDays(dates.at(-1)!, 30)
  for (let day = dates[0]!; day <= (last === null || end < last ? end : last); day = addDays(day, 1)) days.push(day)
  const assets = [...new Set(signals.map(({ asset }) => asset))].sort()
  const times = days.map((day) => `${day}T23:59:59.999Z`)
  const sums = new Map<string, SignalRow>()
  for (const kind of new Set(signals.map((signal) => signal.kind))) {
    const matrix = scoreMatrix(signals, { kind, assets, times, settings: defaultKindSettings[kind] })
    for (let i = 0; i < matrix.values.length; i++) {
      if (matrix.known[i] !== 1) continue
      const date = days[Math.floor(i / assets.length)]!
      const asset = assets[i % assets.length]!
      const key = `${date} ${asset}`
      const value = (sums.get(key)?.value ?? 0) + matrix.values[i]!
      sums.set(key, { line: 0, date, asset, value, group: '' })
    }
  }
  return byDate([...sums.values()])
}

function byDate(rows: SignalRow[]): readonly SignalRow[] {
  return rows.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.asset < b.asset ? -1 : 1))
}
