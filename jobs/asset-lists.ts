import { bookNames, readBook } from '../src/books.ts'
import type { CatalystBook } from '../src/catalysts/catalyst-book.ts'
import { assetName } from '../src/catalysts/extraction.ts'
import { type CatalystKind, defaultKindSettings, type KindSettings } from '../src/catalysts/kinds.ts'
import type { Context } from '../src/context.ts'
import { WorldError } from '../src/errors.ts'
import { marketTextSources } from '../src/source-lists.ts'
import { catalystsBook } from './ingest.ts'

/** What texts may be about: the coins of the catalyst book's market, or the allocator's instruments for texts about its markets. */
export type AssetLists = {
  /** `assets`: every name that is accepted, upper case, to the symbol; `names`: those that are looked for in a text. */
  readonly of: (source: string) => {
    readonly assets: ReadonlyMap<string, string>
    readonly names: ReadonlyMap<string, string>
  }
  /** Whether a question lists all assets, named or not: news of a central bank names none. */
  readonly namesAll: (source: string) => boolean
  readonly settings: Readonly<Record<CatalystKind, KindSettings>>
}

/** What a market trades changes by the day; a process that reads thousands of texts does not ask for each. */
const coinsKeptMs = 15 * 60_000

type Memory = {
  /** Coins of the market, by name, and when it was asked. */
  market: ReadonlyMap<string, string>
  askedAtMs: number
  /** Coins that sources name, as far as the journal was read. */
  readonly named: Map<string, string>
  seq: number
}
const memories = new WeakMap<Context['journal'], Memory>()

/**
 * The lists as of now. A market that trades no coins leaves the coins that the texts' own sources name.
 */
export async function openAssetLists(ctx: Context): Promise<AssetLists> {
  const marketTexts = new Set(marketTextSources().map(({ name }) => name))
  const memory: Memory = memories.get(ctx.journal) ?? { market: new Map(), askedAtMs: 0, named: new Map(), seq: 0 }
  memories.set(ctx.journal, memory)
  const books = bookNames('catalyst').flatMap((name) => {
    const book = readBook(name)
    return book.kind === 'catalyst' ? [book] : []
  })
  if (Date.now() - memory.askedAtMs > coinsKeptMs) {
    memory.market = await coinsOf(ctx, books)
    memory.askedAtMs = Date.now()
  }
  for await (const entry of ctx.journal.read({ book: catalystsBook, kinds: ['item'], fromSeq: memory.seq + 1 })) {
    if (entry.kind !== 'item') continue
    memory.seq = entry.seq
    if (marketTexts.has(entry.body.source)) continue
    for (const asset of entry.body.assets) {
      if (!memory.named.has(assetName(asset))) memory.named.set(assetName(asset), asset)
    }
  }
  return assetListsOf(new Map([...memory.named, ...memory.market]), marketTexts, books)
}

/** The lists without a market: the coins that are given, the allocator's instruments for `marketTexts`. */
export function assetListsOf(
  coins: ReadonlyMap<string, string>,
  marketTexts: ReadonlySet<string>,
  books: readonly CatalystBook[],
): AssetLists {
  const shares = new Map<string, string>()
  for (const { symbol, name, shortName } of readBook('allocator').instruments) {
    for (const called of [symbol, shortName, name]) shares.set(assetName(called), symbol)
  }
  return {
    of: (source) => (marketTexts.has(source) ? { assets: shares, names: shares } : { assets: coins, names: coins }),
    namesAll: (source) => marketTexts.has(source),
    settings: Object.assign({}, defaultKindSettings, ...books.map((book) => book.signals.kinds)),
  }
}

/** Names of the pairs that trade in the books' markets, the first book's first. */
async function coinsOf(ctx: Context, books: readonly CatalystBook[]): Promise<ReadonlyMap<string, string>> {
  const coins = new Map<string, string>()
  for (const { benchmarks, universe } of books) {
    const always = benchmarks.flatMap(({ policy }) => /^buy-and-hold:(.+)$/.exec(policy)?.[1] ?? [])
    const request = { quotes: [universe.quote, 'USD'], volume: universe.volume, always }
    for (const symbol of await coinSymbols(ctx, request)) {
      if (!coins.has(assetName(symbol))) coins.set(assetName(symbol), symbol)
    }
  }
  return coins
}

/** Symbols of the pairs that trade; none where the market has no coins or cannot be asked now. */
async function coinSymbols(
  ctx: Context,
  request: Parameters<NonNullable<Context['prices']['pairs']>>[0],
): Promise<readonly string[]> {
  try {
    return ((await ctx.pricesOf({ kind: 'catalyst' }).pairs?.(request))?.pairs ?? []).map(({ symbol }) => symbol)
  } catch (error) {
    if (!(error instanceof WorldError)) throw error
    ctx.say(`${error.message}; texts are read for the assets that their sources name`)
    return []
  }
}
