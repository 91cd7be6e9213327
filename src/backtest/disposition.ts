import type { Column } from '../market/panel.ts'
import type { Position } from '../portfolio/holdings.ts'
import { clusteredInterval, clusteredMean, type Interval } from './influence.ts'
import { type Ledger, type Walked, walk } from './walk.ts'

/** Fewer gains or losses than this make no proportion and no mean. */
export const casesFewest = 20

export type Disposition = {
  /** Sessions on which the decider sold something out of at least two positions. */
  readonly saleDates: number
  readonly realizedGains: number
  readonly paperGains: number
  readonly realizedLosses: number
  readonly paperLosses: number
  /** Realized gains over all gains there were to realize on those sessions, and the same of losses. */
  readonly gainsRealized: number | null
  readonly lossesRealized: number | null
  /** The first less the second, positive when gains are sold sooner; with a 95 % interval by dates. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  readonly because: string | null
  readonly lossAversion: LossAversion
}

export type LossAversion = {
  /** Mean size of the gains sold over mean size of the losses sold; above 1: losses are felt at a smaller size. */
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  readonly gainsSold: number
  readonly lossesSold: number
  /** The same ratio of the positions kept on the same sessions: near what a seller who drew lots would show. */
  readonly kept: number | null
  readonly because: string | null
}

type Case = { readonly kind: 'gain' | 'loss'; readonly sold: boolean; readonly size: number }

/**
 * Disposition effect, and the loss aversion that the sales imply.
 *
 * On each session with a sale, every position held before the opens is a gain or a loss, realized or on paper. A sold one (in
 * whole or in part) is judged by its price against the average cost; a kept one is a gain when the whole day's range lies above
 * the average cost, a loss when it lies below, and neither in between. Local currency, before costs, after splits; dividends
 * aside. What the stop-loss sold was not decided and is left out.
 *
 * Loss aversion: whoever feels a loss lambda times as much as an equal gain, and sells a position once what is felt reaches a
 * certain size, sells gains at lambda times the size of losses. So lambda = mean gain sold / mean loss sold, as fractions of the
 * average cost. Drift makes gains larger than losses in any portfolio, so the ratio of the kept positions stands beside it.
 *
 * Source: Odean, Are investors reluctant to realize their losses?, Journal of Finance 53(5), 1998; the value function is that of
 * Tversky & Kahneman, Journal of Risk and Uncertainty 5, 1992, with both curvatures at 1.
 */
export function disposition(ledger: Ledger): Disposition {
  const days: (readonly Case[])[] = []
  for (const walked of walk(ledger)) {
    if (walked.before.size < 2) continue
    if (!walked.fills.some((fill) => fill.quantity < 0 && fill.reason === 'policy')) continue
    days.push(casesOf(walked, ledger))
  }
  const all = days.flat()
  const count = (kind: Case['kind'], sold: boolean) =>
    all.filter((one) => one.kind === kind && one.sold === sold).length
  const counts = {
    realizedGains: count('gain', true),
    paperGains: count('gain', false),
    realizedLosses: count('loss', true),
    paperLosses: count('loss', false),
  }
  return { saleDates: days.length, ...counts, ...proportions(days, counts), lossAversion: lossAversion(days) }
}

function casesOf({ before, fills, session }: Walked, { panel }: Ledger): readonly Case[] {
  const cases: Case[] = []
  for (const position of before.values()) {
    const sale = fills.find((fill) => fill.symbol === position.symbol && fill.quantity < 0)
    if (sale !== undefined && sale.reason !== 'policy') continue
    const column = panel.bySymbol.get(position.symbol)!
    const one = sale === undefined ? keptCase(position, column, session) : soldCase(position, sale.price)
    if (one !== null) cases.push(one)
  }
  return cases
}

function soldCase(position: Position, price: number): Case | null {
  const change = price / averageCost(position) - 1
  if (Math.abs(change) < 1e-12) return null
  return { kind: change > 0 ? 'gain' : 'loss', sold: true, size: Math.abs(change) }
}

function keptCase(position: Position, column: Column, session: number): Case | null {
  const cost = averageCost(position)
  const closed = Number.isNaN(column.close[session]!)
  const low = closed ? column.mark[session]! : column.low[session]!
  const high = closed ? column.mark[session]! : column.high[session]!
  const price = closed ? column.mark[session]! : column.open[session]!
  if (low > cost) return { kind: 'gain', sold: false, size: price / cost - 1 }
  if (high < cost) return { kind: 'loss', sold: false, size: 1 - price / cost }
  return null
}

function averageCost({ costLocal, quantity }: Position): number {
  return costLocal / quantity
}

type Counts = Pick<Disposition, 'realizedGains' | 'paperGains' | 'realizedLosses' | 'paperLosses'>
type Proportions = Pick<Disposition, 'gainsRealized' | 'lossesRealized' | 'difference' | 'low' | 'high' | 'because'>

function proportions(days: readonly (readonly Case[])[], counts: Counts): Proportions {
  const gains = counts.realizedGains + counts.paperGains
  const losses = counts.realizedLosses + counts.paperLosses
  if (gains < casesFewest || losses < casesFewest) {
    const because = `at least ${casesFewest} gains and ${casesFewest} losses on sessions with a sale are asked; there are ${gains} and ${losses}`
    return { gainsRealized: null, lossesRealized: null, difference: null, low: null, high: null, because }
  }
  const share = (kind: Case['kind']) =>
    clusteredMean(
      days.map((cases) => {
        const ofKind = cases.filter((one) => one.kind === kind)
        return { sum: ofKind.filter(({ sold }) => sold).length, count: ofKind.length }
      }),
    )
  const gain = share('gain')
  const loss = share('loss')
  const difference = gain.mean - loss.mean
  const pulls = gain.influences.map((pull, i) => pull - loss.influences[i]!)
  return {
    gainsRealized: gain.mean,
    lossesRealized: loss.mean,
    difference,
    ...clusteredInterval(difference, pulls, { blockLength: Math.cbrt(days.length) }),
  }
}

function lossAversion(days: readonly (readonly Case[])[]): LossAversion {
  const sizes = (kind: Case['kind'], sold: boolean) =>
    days.map((cases) => {
      const chosen = cases.filter((one) => one.kind === kind && one.sold === sold)
      return { sum: chosen.reduce((sum, { size }) => sum + size, 0), count: chosen.length }
    })
  const total = (clusters: readonly { readonly count: number }[]) => clusters.reduce((sum, { count }) => sum + count, 0)
  const gains = sizes('gain', true)
  const losses = sizes('loss', true)
  const counts = { gainsSold: total(gains), lossesSold: total(losses) }
  const keptGains = sizes('gain', false)
  const keptLosses = sizes('loss', false)
  const enoughKept = total(keptGains) >= casesFewest && total(keptLosses) >= casesFewest
  const kept = enoughKept ? clusteredMean(keptGains).mean / clusteredMean(keptLosses).mean : null
  if (counts.gainsSold < casesFewest || counts.lossesSold < casesFewest) {
    const because = `at least ${casesFewest} gains and ${casesFewest} losses sold by decision are asked; there are ${counts.gainsSold} and ${counts.lossesSold}`
    return { ...counts, kept, value: null, low: null, high: null, because }
  }
  const gain = clusteredMean(gains)
  const loss = clusteredMean(losses)
  // On the scale of logarithms, so that no interval of a ratio reaches below zero.
  const log = Math.log(gain.mean / loss.mean)
  const pulls = gain.influences.map((pull, i) => pull / gain.mean - loss.influences[i]! / loss.mean)
  return {
    ...counts,
    kept,
    value: Math.exp(log),
    ...exponential(clusteredInterval(log, pulls, { blockLength: Math.cbrt(days.length) })),
  }
}

function exponential(interval: Interval): Interval {
  return interval.because === null
    ? { low: Math.exp(interval.low), high: Math.exp(interval.high), because: null }
    : interval
}
