import type { Entry } from '../journal/entry.ts'
import { cutForDiscord, cutForX } from './length.ts'

export type OpenedEntry = Entry<'opened'>

/** What a book's posts call things, for one channel: names made safe for it, and who decides on which prices. */
export type Labels = {
  /** Short name of an instrument; a symbol the book does not hold is the model's word and never quoted on X. */
  readonly name: (symbol: string) => string
  readonly knows: (symbol: string) => boolean
  readonly policy: (policy: string) => string
  /** Outside text within a length, safe on the channel. */
  readonly quote: (text: string, lengthMax: number) => string
  /** 'Simulated prices.', 'Recorded prices.' or nothing. */
  readonly prices: string
}

export type Channel = 'x' | 'discord'

export function labelsOf(opened: OpenedEntry, channel: Channel): Labels {
  const quote = channel === 'x' ? cutForX : cutForDiscord
  const names = new Map<string, string>()
  for (const { symbol, shortName } of opened.body.instruments)
    names.set(symbol, quote(shortName, 48) || 'an unnamed asset')
  for (const { policy, shortName } of opened.body.benchmarks) {
    const symbol = /^buy-and-hold:(.+)$/.exec(policy)?.[1]
    // An index that stands in for an ETF is no instrument of the book, and is still watched and compared with.
    if (symbol !== undefined && !names.has(symbol)) names.set(symbol, quote(shortName, 48))
  }
  const name = (symbol: string) =>
    names.get(symbol) ?? (channel === 'x' ? 'an unknown symbol' : `unknown symbol ${quote(symbol, 60)}`)
  return {
    name,
    knows: (symbol) => opened.body.instruments.some((instrument) => instrument.symbol === symbol),
    policy: (policy) => {
      const held = /^buy-and-hold:(.+)$/.exec(policy)?.[1]
      return held === undefined ? quote(policy, 40) : `buy-and-hold ${name(held)}`
    },
    quote,
    prices: pricesLabel(opened),
  }
}

/** What kind of prices, where they are not live ones. */
export function pricesLabel(opened: OpenedEntry): string {
  return { live: '', recorded: 'Recorded prices.', simulated: 'Simulated prices.' }[opened.body.market.nature]
}

/** Said wherever a control runs the book, so that its decisions are never taken for a model's. */
export function controlNotice(opened: OpenedEntry, labels: Labels, policy = opened.body.policy): string {
  return opened.body.decider === 'control' ? `A control decides (${labels.policy(policy)}), no model.` : ''
}

/** What tells a text in the middle of a thread from that of any other post; the whole hash ends the thread. */
export function shortSeal(entry: Pick<Entry, 'hash'>): string {
  return entry.hash.slice(0, 4)
}

/** The last line of every post on X: 32 hex digits are too many to be ground out, and fit. */
export function seal(entry: Pick<Entry, 'hash'>): string {
  return `Automated, paper money. ${entry.hash.slice(0, 32)}`
}
