import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Figure, known } from '../../src/statistics/figure.ts'
import { annualReturn, sharpeRatio, sortinoRatio, totalReturn, volatility } from '../../src/statistics/performance.ts'
import { maxDrawdown } from '../../src/statistics/risk.ts'
import { stats } from '../../src/statistics/stats.ts'
import { assertClose, type Printed, readConformance, skfolioReturns } from '../support/conformance.ts'
import { sharedAbsent } from '../support/shared.ts'

type Tolerance = { readonly decimals: number }
type Series = { readonly values?: readonly Printed[]; readonly constant?: number; readonly n?: number }
type Named = { readonly series: string; readonly slice?: string }
type EmpyricalInputs = {
  readonly returns: Named | readonly number[]
  readonly period?: 'daily' | 'weekly' | 'monthly' | 'yearly'
  readonly required_return?: number | Named
  readonly risk_free?: number | Named
  readonly starting_value?: number
  readonly window?: number
}
type Empyrical = {
  readonly series: Readonly<Record<string, Series>>
  readonly cases: readonly {
    readonly function: string
    readonly tolerance: Tolerance
    readonly cases: readonly {
      readonly inputs: EmpyricalInputs
      readonly expected: Printed | readonly number[] | Named
    }[]
  }[]
}

const perYear = { daily: 252, weekly: 52, monthly: 12, yearly: 1 }

test('agrees with empyrical wherever both compute the same figure', { skip: sharedAbsent }, () => {
  const file = readConformance<Empyrical>('empyrical_stats.json')
  const raw = (given: Named | readonly number[]): readonly Printed[] => {
    if (!('series' in given)) return given
    const { values, constant, n } = file.series[given.series]!
    return values ?? new Array<number>(n!).fill(constant!)
  }
  // A missing return counts as 0 where returns are compounded, and is left out elsewhere.
  const asZero = (given: Named | readonly number[]) =>
    raw(given).map((value) => (value === 'NaN' ? 0 : (value as number)))
  const leftOut = (given: Named | readonly number[], less: number | Named = 0) => {
    const other = typeof less === 'number' ? null : raw(less)
    return raw(given).flatMap((value, i) => {
      const taken = other === null ? less : other[i]!
      return typeof value === 'number' && typeof taken === 'number' ? [value - taken] : []
    })
  }
  const convention = ({ period = 'daily' }: EmpyricalInputs) => ({ periodsPerYear: perYear[period] })
  const downside = (returns: readonly number[], periodsPerYear: number): Figure => {
    if (returns.length === 0) return { because: 'there is no return' }
    // The Sortino ratio is the annual mean over the downside risk, so the risk is the mean over the ratio.
    const mean = (returns.reduce((sum, value) => sum + value, 0) / returns.length) * periodsPerYear
    const ratio = sortinoRatio(returns, { periodsPerYear })
    return typeof ratio === 'number' ? mean / ratio : 0
  }
  const expressed: Readonly<Record<string, (inputs: EmpyricalInputs) => Figure | readonly Figure[]>> = {
    annual_ret: (inputs) => annualReturn(asZero(inputs.returns), convention(inputs)),
    cagr: (inputs) => annualReturn(asZero(inputs.returns), convention(inputs)),
    annual_volatility: (inputs) => volatility(leftOut(inputs.returns), convention(inputs)),
    sharpe_ratio: (inputs) => sharpeRatio(leftOut(inputs.returns, inputs.risk_free), convention(inputs)),
    cum_returns_final: ({ returns, starting_value = 0 }) => {
      const total = asZero(returns)
      if (total.length === 0) return { because: 'there is no return' }
      return starting_value === 0 ? totalReturn(total) : starting_value * (1 + totalReturn(total))
    },
    cum_returns: ({ returns, starting_value = 0 }) =>
      asZero(returns).map((_, i, all) => {
        const total = totalReturn(all.slice(0, i + 1))
        return starting_value === 0 ? total : starting_value * (1 + total)
      }),
    max_drawdown: ({ returns }) => {
      const all = asZero(returns)
      return all.length === 0 ? { because: 'there is no return' } : -maxDrawdown(all)
    },
    roll_max_drawdown: ({ returns, window }) => {
      const all = asZero(returns)
      return all.slice(0, Math.max(0, all.length - window! + 1)).map((_, i) => -maxDrawdown(all.slice(i, i + window!)))
    },
    downside_risk: ({ returns, required_return, period = 'daily' }) => {
      const named = 'series' in returns ? returns.series : ''
      if (named.startsWith('df_')) {
        return ['one', 'two'].map((series) => downside(leftOut({ series }, required_return), perYear[period]))
      }
      return downside(leftOut(returns, required_return), perYear[period])
    },
  }
  const without = new Set(['aggregate_returns', 'tail_ratio'])
  let checked = 0
  for (const group of file.cases) {
    if (without.has(group.function)) continue
    for (const [index, { inputs, expected }] of group.cases.entries()) {
      const what = `${group.function} ${index}`
      const actual = expressed[group.function]!(inputs)
      const wanted = typeof expected === 'object' && 'series' in expected ? asZero(expected) : expected
      if (Array.isArray(wanted) && Array.isArray(actual)) {
        assert.equal(actual.length, wanted.length, what)
        for (const [i, value] of wanted.entries())
          assertClose(known(actual[i]), value, group.tolerance, `${what} [${i}]`)
      } else {
        const single = Array.isArray(wanted) ? wanted[0]! : (wanted as Printed)
        const figure = known(actual as Figure)
        // By definition: what is no number there is nothing here, with its reason.
        if (typeof single === 'string') assert.equal(figure, null, what)
        else assertClose(figure, single, group.tolerance, what)
      }
      checked++
    }
  }
  assert.equal(checked, 49)
})

type Skfolio = {
  readonly cases: readonly {
    readonly function: string
    readonly tolerance: Tolerance
    readonly cases: readonly {
      readonly inputs: {
        readonly returns: '1d' | '2d' | '1d_nan' | '2d_nan' | 'all_nan'
        readonly min_acceptable_return?: number | null
        readonly biased?: boolean
      }
      readonly expected: Printed | readonly number[]
    }[]
  }[]
}

test('agrees with skfolio on thirty years of AAPL and AMD, through the statistics of `primer stats`', {
  skip: sharedAbsent,
}, () => {
  const file = readConformance<Skfolio>('skfolio_measures.json')
  const columns = {
    '1d': [skfolioReturns('AAPL')],
    '2d': [skfolioReturns('AAPL'), skfolioReturns('AMD')],
    '1d_nan': [[0.1, -0.5, -0.3, 0.8]],
    '2d_nan': [
      [0.15, 0.1, -0.5, -0.3, 0.8],
      [0.15, 0.1, -0.5, 0.3, 0.2, -0.3, 0.8],
    ],
  }
  const all = Object.fromEntries(
    Object.entries(columns).map(([name, series]) => [
      name,
      series.map((returns) => stats({ returns, periodsPerYear: 1 })),
    ]),
  )
  type All = (typeof all)[string][number]
  // A tail of less than one return is the worst of all.
  const worst = new Map(
    Object.entries(columns).flatMap(([name, series]) =>
      series.map((returns, i) => [all[name]![i]!, stats({ returns, confidence: 0.9999 }).var] as const),
    ),
  )
  // With a target of zero: omega - 1 = mean / first lower partial moment, Sortino = mean / semideviation.
  const expressed: Readonly<Record<string, (of: All) => number>> = {
    mean: (of) => of.bootstrap.meanDifference!,
    skew: (of) => of.skewness!,
    kurtosis: (of) => of.excessKurtosis! + 3,
    value_at_risk: (of) => of.var!,
    first_lower_partial_moment: (of) => of.bootstrap.meanDifference! / (of.omega! - 1),
    semi_deviation: (of) => of.bootstrap.meanDifference! / of.sortino!,
    third_central_moment: (of) => of.skewness! * (of.volatility! ** 2 * (1 - 1 / of.n)) ** 1.5,
    worst_return: (of) => worst.get(of)!,
  }
  let checked = 0
  for (const group of file.cases) {
    const express = expressed[group.function]
    if (express === undefined) continue
    for (const { inputs, expected } of group.cases) {
      // Partial moments about the mean, unbiased ones, and samples without any number are not what the command computes.
      if (inputs.returns === 'all_nan' || inputs.min_acceptable_return === null || inputs.biased === false) continue
      const wanted = Array.isArray(expected) ? expected : [expected]
      for (const [i, value] of wanted.entries()) {
        assertClose(
          express(all[inputs.returns]![i]!),
          value,
          group.tolerance,
          `${group.function} ${inputs.returns} [${i}]`,
        )
        checked++
      }
    }
  }
  assert.equal(checked, 33)
})
