import type { Standing } from '../journal/entry.ts'
import type { AllocationData, EquityData } from './chart-options.ts'
import { money, percent, signedPercent } from './text.ts'

/**
 * The equity chart for who cannot see it: one sentence with its figures.
 *
 * Example: 'Line chart from 2020-01-02 to 2020-03-12: equity EUR 10,213, +2.1 % since the start; SPY +3.4 %, CAC +0.9 %.
 * Drawdown panel: 1.2 % below the highest close, 4.0 % at the deepest.'
 */
export function altOfEquity(data: EquityData): string {
  const last = data.equity.at(-1) ?? 0
  const first = data.equity[0] ?? last
  return equitySentence({
    from: data.dates[0] ?? '',
    to: data.dates.at(-1) ?? '',
    currency: data.currency,
    equityCents: last * 100,
    netReturn: since(first, last),
    benchmarks: data.benchmarks.map(({ name, values }) => ({
      name,
      netReturn: since(values[0] ?? 0, values.at(-1) ?? 0),
    })),
    drawdown: data.drawdown.at(-1) ?? 0,
    deepest: data.drawdown.reduce((worst, value) => Math.max(worst, value), 0),
    label: data.label,
  })
}

/** The same sentence from the standing that a journal entry records, for a post that refers to the chart. */
export function altOfStanding(facts: {
  readonly from: string
  readonly to: string
  readonly currency: string
  readonly standing: Standing
  readonly label: string
}): string {
  const { standing } = facts
  return equitySentence({
    ...facts,
    equityCents: standing.equityCents,
    netReturn: standing.netReturn,
    benchmarks: standing.benchmarks.map(({ shortName, netReturn }) => ({ name: shortName, netReturn })),
    drawdown: standing.drawdown,
    deepest: null,
  })
}

/** Example: 'Bar chart of weights on 2020-03-12: cash 22.4 %, SPY 18 %, Gold 9.5 %.' */
export function altOfAllocation(data: AllocationData): string {
  const parts = [{ name: 'cash', weight: data.cash }, ...data.positions].map(
    ({ name, weight }) => `${name} ${percent(weight)}`,
  )
  return withLabel(`Bar chart of weights on ${data.date}: ${parts.slice(0, 40).join(', ')}.`, data.label)
}

function equitySentence(facts: {
  readonly from: string
  readonly to: string
  readonly currency: string
  readonly equityCents: number
  readonly netReturn: number
  readonly benchmarks: readonly { readonly name: string; readonly netReturn: number }[]
  readonly drawdown: number
  readonly deepest: number | null
  readonly label: string
}): string {
  const against = facts.benchmarks.slice(0, 12).map(({ name, netReturn }) => `${name} ${signedPercent(netReturn)}`)
  const book = `equity ${money(facts.currency, facts.equityCents)}, ${signedPercent(facts.netReturn)} since the start`
  const lines = against.length === 0 ? book : `${book}; ${against.join(', ')}`
  const deepest = facts.deepest === null ? '' : `, ${percent(facts.deepest)} at the deepest`
  const text = `Line chart from ${facts.from} to ${facts.to}: ${lines}. Drawdown panel: ${percent(facts.drawdown)} below the highest close${deepest}.`
  return withLabel(text, facts.label)
}

function withLabel(text: string, label: string): string {
  return (label === '' ? text : `${text} ${label}`).slice(0, 1024)
}

function since(first: number, last: number): number {
  return first > 0 ? last / first - 1 : 0
}
