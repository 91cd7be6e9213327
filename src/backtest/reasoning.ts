import type { IsoDate } from '../units.ts'
import { type Concept, concepts } from './concepts.ts'

/** The reasons of one decision in the decider's own words. */
export type Reasoning = { readonly date: IsoDate; readonly text: string }

export type KeywordRate = {
  readonly concept: string
  /** Texts that name the concept, in each period. */
  readonly mentions: readonly number[]
}

export type KeywordRates = {
  readonly texts: number
  /** In order of time: 2020-03 for a month, 2020-Q1 for a quarter, 2020 for a year, whichever gives at most six. */
  readonly periods: readonly { readonly name: string; readonly texts: number }[]
  /** In the order of the concepts; those never named are there with zeros. */
  readonly rates: readonly KeywordRate[]
}

const periodsMost = 6
const periodNames: readonly ((date: IsoDate) => string)[] = [
  (date) => date.slice(0, 7),
  (date) => `${date.slice(0, 4)}-Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`,
  (date) => date.slice(0, 4),
]

/**
 * How many of the texts name each concept, period by period. Every text counts, whatever it says; a word counts when it
 * stands alone, so that "latest" is no "test". A text that names a concept twice names it once.
 */
export function keywordRates(texts: readonly Reasoning[], sought: readonly Concept[] = concepts): KeywordRates {
  const nameOf =
    periodNames.find((name) => new Set(texts.map(({ date }) => name(date))).size <= periodsMost) ?? periodNames.at(-1)!
  const byPeriod = [...Map.groupBy(texts, ({ date }) => nameOf(date))].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    texts: texts.length,
    periods: byPeriod.map(([name, within]) => ({ name, texts: within.length })),
    rates: sought.map(({ name, variants }) => {
      const pattern = patternOf(variants)
      return {
        concept: name,
        mentions: byPeriod.map(([, within]) => within.filter(({ text }) => pattern.test(text)).length),
      }
    }),
  }
}

function patternOf(variants: readonly string[]): RegExp {
  const words = variants.map((variant) => RegExp.escape(variant).replace(/(?:\\x20| )+/g, '[\\s\\u2010\\u2011-]+'))
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'iu')
}

export type Choice = { readonly symbol: string; readonly side: 'buy' | 'sell' }

export type Stability = {
  readonly calls: number
  /** Mean over all pairs of calls of what both chose over what either chose; null with one call. */
  readonly agreement: number | null
  /** Of every symbol that any call named: how many calls would buy it, and how many sell it, most agreed first. */
  readonly bySymbol: readonly { readonly symbol: string; readonly buy: number; readonly sell: number }[]
}

/**
 * Stability of an answer over repeated calls on the same question: how far the sides chosen by symbol agree. Sizes and words
 * do not count. Two calls that choose nothing agree wholly.
 *
 * Example: {buy SPY, sell TLT}, {buy SPY}, {buy SPY, buy TLT} -> pairs 1/2, 1/3, 1/2 -> 0.444
 * Source: Jaccard, New Phytologist 11(2), 1912.
 */
export function stability(answers: readonly (readonly Choice[])[]): Stability {
  const sets = answers.map((answer) => new Set(answer.map(({ symbol, side }) => `${side} ${symbol}`)))
  let sum = 0
  let pairs = 0
  for (let i = 0; i < sets.length; i++) {
    for (let j = i + 1; j < sets.length; j++) {
      const either = sets[i]!.union(sets[j]!).size
      sum += either === 0 ? 1 : sets[i]!.intersection(sets[j]!).size / either
      pairs++
    }
  }
  const symbols = [...new Set(answers.flat().map(({ symbol }) => symbol))]
  const votes = (symbol: string, side: Choice['side']) => sets.filter((set) => set.has(`${side} ${symbol}`)).length
  const bySymbol = symbols.map((symbol) => ({ symbol, buy: votes(symbol, 'buy'), sell: votes(symbol, 'sell') }))
  const most = (one: { readonly buy: number; readonly sell: number }) => Math.max(one.buy, one.sell)
  return {
    calls: answers.length,
    agreement: pairs === 0 ? null : sum / pairs,
    bySymbol: bySymbol.sort((a, b) => most(b) - most(a) || (a.symbol < b.symbol ? -1 : 1)),
  }
}
