import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { optimize } from '../../src/commands/optimize.ts'
import type { ProblemInput } from '../../src/optimizer/problem.ts'
import { readConformance } from '../support/conformance.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

type Document = {
  readonly status: string
  readonly because?: string
  readonly weights: Readonly<Record<string, number>>
  readonly cash: number
  readonly expectedReturn: number
  readonly cvar?: number
  readonly variance?: number
}

/** The command's answer to a problem on stdin. */
async function answer(problem: ProblemInput): Promise<Document> {
  const io = {
    environment: {},
    readStdin: async () => JSON.stringify(problem),
    say: () => {},
    show: () => {},
    interactive: false,
  }
  const document = (await optimize({ file: '-' }, io)).json as Document
  assert.equal(document.status, 'optimal', document.because)
  return document
}

type Table = {
  readonly dates: readonly string[]
  readonly assets: readonly string[]
  readonly rows: readonly (readonly number[])[]
}

function prices(file: string): Table {
  const lines = gunzipSync(readFileSync(sharedPath(`conformance/inputs/${file}`)))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  const number = (text: string) => (text === '' ? Number.NaN : Number(text))
  return {
    dates: lines.slice(1).map((line) => line[0]!),
    assets: lines[0]!.slice(1),
    rows: lines.slice(1).map((line) => line.slice(1).map(number)),
  }
}

/** The first price there is of each week, weeks ending on Sunday. */
function weekly({ dates, assets, rows }: Table): Table {
  const weeks = new Map<number, number[]>()
  rows.forEach((row, index) => {
    // 1970-01-01 was a Thursday: three days on, weeks begin on Monday.
    const week = Math.floor((Date.parse(dates[index]!) / 86_400_000 + 3) / 7)
    const known = weeks.get(week)
    weeks.set(week, known === undefined ? [...row] : known.map((value, i) => (Number.isNaN(value) ? row[i]! : value)))
  })
  return { dates: [...weeks.keys()].map(String), assets, rows: [...weeks.values()] }
}

const whole = (row: readonly number[]) => !row.some(Number.isNaN)
const returnsOf = (rows: readonly (readonly number[])[]) =>
  rows.slice(1).map((row, t) => row.map((price, i) => price / rows[t]![i]! - 1))

/** prod(1 + r) ^ (frequency / count) - 1 over the returns there are. */
function meanHistoricalReturn(returns: readonly (readonly number[])[], frequency: number): number[] {
  return returns[0]!.map((_, i) => {
    const known = returns.map((row) => row[i]!).filter((value) => !Number.isNaN(value))
    return known.reduce((product, value) => product * (1 + value), 1) ** (frequency / known.length) - 1
  })
}

/** Pairwise sample covariance, each pair on the rows both have. */
function pairwiseCovariance(returns: readonly (readonly number[])[], frequency: number): number[][] {
  return returns[0]!.map((_, i) =>
    returns[0]!.map((__, j) => {
      const both = returns.filter((row) => whole([row[i]!, row[j]!])).map((row) => [row[i]!, row[j]!] as const)
      const [a, b] = [0, 1].map((k) => both.reduce((sum, pair) => sum + pair[k]!, 0) / both.length) as [number, number]
      return (both.reduce((sum, [x, y]) => sum + (x - a) * (y - b), 0) / (both.length - 1)) * frequency
    }),
  )
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

type Case<T> = { readonly id: string } & T
type Peer<T> = { readonly cases: readonly Case<T>[] }

function close(actual: number, expected: number, rtol: number, what: string, atol = 0): void {
  const allowed = rtol * Math.abs(expected) + atol
  assert.ok(Math.abs(actual - expected) <= allowed, `${what}: ${actual} instead of ${expected} within ${allowed}`)
}

const free = { minWeight: null, maxWeight: null }

describe('PyPortfolioOpt, CVaR of 20 shares', { skip: sharedAbsent }, () => {
  type Performance = { readonly expected: readonly [number, number] }
  const expected = (id: string) => {
    const { cases } = readConformance<Peer<Performance>>('pypfopt_efficient_cvar.json')
    return cases.find((item) => item.id === `efficient_cvar:${id}`)!.expected
  }
  /** `clean` as setup_efficient_cvar: rows with an empty price are dropped before anything else. */
  const inputs = (table: Table, frequency: number, clean: boolean) => {
    const returns = returnsOf(clean ? table.rows.filter(whole) : table.rows)
    const expectedReturns = meanHistoricalReturn(returns, frequency)
    return { assets: table.assets, scenarios: returns.filter(whole), expectedReturns, objective: 'min-cvar' } as const
  }
  const meets = async (id: string, problem: ProblemInput, rtol = 1e-4) => {
    const { expectedReturn, cvar } = await answer(problem)
    close(expectedReturn, expected(id)[0], rtol, 'expected return')
    close(cvar!, expected(id)[1], rtol, 'CVaR')
  }

  test('minimum CVaR has its return and risk', async () => {
    await meets('cvar_example', inputs(prices('pypfopt_stock_prices.csv.gz'), 252, false))
  })

  test('a target return of 20 % on weekly prices', async () => {
    const problem = inputs(weekly(prices('pypfopt_stock_prices.csv.gz')), 52, false)
    await meets('cvar_example_weekly', { ...problem, constraints: { targetReturn: 0.2 } })
  })

  test('a target return of 25 %', async () => {
    const problem = inputs(prices('pypfopt_stock_prices.csv.gz'), 252, true)
    await meets('efficient_return', { ...problem, constraints: { targetReturn: 0.25 } })
  })

  test('a market neutral portfolio, everything in cash and shares against shares', async () => {
    const problem = inputs(prices('pypfopt_stock_prices.csv.gz'), 252, true)
    const constraints = { minWeight: -1, minCash: 1, maxCash: 1 }
    await meets('cvar_example_short', { ...problem, constraints: { ...constraints, targetReturn: 0.2 } })
    const objective = 'max-return' as const
    await meets('efficient_risk_market_neutral', {
      ...problem,
      objective,
      constraints: { ...constraints, maxCvar: 0.025 },
    })
  })

  test('a penalty on squared weights, as the least sum of squares at the CVaR it ends with', async () => {
    const problem = inputs(prices('pypfopt_stock_prices.csv.gz'), 252, true)
    const covariance = problem.assets.map((_, i) => problem.assets.map((__, j) => (i === j ? 1 : 0)))
    const constraints = { maxCvar: expected('min_cvar_L2_reg')[1] }
    // Both minimize a sum of CVaR and squares, one with a price and one with a limit on CVaR; the return tells them apart.
    await meets('min_cvar_L2_reg', { ...problem, covariance, objective: 'min-variance', constraints }, 1e-3)
  })
})

describe('PyPortfolioOpt, mean and variance of 20 shares', { skip: sharedAbsent }, () => {
  type Performance = {
    readonly expected: readonly [number, number, number]
    readonly problem_inputs?: { readonly mu: readonly number[]; readonly cov_diagonal: readonly number[] }
  }
  const find = (id: string) => {
    const { cases } = readConformance<Peer<Performance>>('pypfopt_efficient_frontier.json')
    return cases.find((item) => item.id === `efficient_frontier:${id}`)!
  }
  let memo:
    | { readonly assets: readonly string[]; readonly expectedReturns: number[]; readonly covariance: number[][] }
    | undefined
  const inputs = () => {
    if (memo === undefined) {
      const { assets, rows } = prices('pypfopt_stock_prices.csv.gz')
      const returns = returnsOf(rows)
      memo = {
        assets,
        expectedReturns: meanHistoricalReturn(returns, 252),
        covariance: pairwiseCovariance(returns, 252),
      }
    }
    return memo
  }
  const ridge = (covariance: readonly (readonly number[])[], gamma: number) =>
    covariance.map((row, i) => row.map((value, j) => (i === j ? value + gamma : value)))
  /** Return, volatility and Sharpe of the weights themselves, whatever was optimized, against the peer's. */
  const meets = async (id: string, problem: ProblemInput, covariance = inputs().covariance, rtol = 1e-5) => {
    const { weights } = await answer(problem)
    const found = problem.assets.map((asset) => weights[asset]!)
    const total = problem.constraints?.minCash === 1 ? 1 : found.reduce((sum, weight) => sum + weight, 0)
    const w = found.map((weight) => weight / total)
    const expected = find(id).expected
    const mean = dot(inputs().expectedReturns, w)
    const volatility = Math.sqrt(
      dot(
        covariance.map((row) => dot(row, w)),
        w,
      ),
    )
    close(mean, expected[0], rtol, 'return')
    close(volatility, expected[1], rtol, 'volatility')
    close((mean - 0.02) / volatility, expected[2], rtol, 'Sharpe')
  }

  test('minimum volatility, long only and with short positions', async () => {
    await meets('min_volatility', { ...inputs(), objective: 'min-variance' })
    await meets('min_volatility_short', { ...inputs(), objective: 'min-variance', constraints: free })
  })

  test('minimum volatility with costs and squared weights, as a utility without expected returns', async () => {
    // w'Cw + w'w + 0.001 sum |w - 1/20| is the negative of the utility of C + I at aversion 2, means 0 and 10 bps.
    const { assets, covariance } = inputs()
    const expectedReturns = assets.map(() => 0)
    const constraints = { previousWeights: assets.map(() => 1 / 20), costBps: 10 }
    const problem = { assets, expectedReturns, covariance: ridge(covariance, 1), riskAversion: 2, constraints }
    await meets('min_volatility_tx_costs_L2_reg', { ...problem, objective: 'max-utility' })
  })

  test('quadratic utility, with short positions and with squared weights', async () => {
    const utility = { ...inputs(), objective: 'max-utility' as const }
    await meets('max_quadratic_utility_with_shorts', { ...utility, constraints: { minWeight: -1 } })
    await meets('max_quadratic_utility_L2_reg', { ...utility, covariance: ridge(inputs().covariance, 10) })
  })

  test('maximum Sharpe ratio with short positions, as least variance for one unit of excess return', async () => {
    const expectedReturns = inputs().expectedReturns.map((mean) => mean - 0.02)
    const constraints = { ...free, minCash: -1000, maxCash: 1000, targetReturn: 0.1 }
    await meets('max_sharpe_short', { ...inputs(), expectedReturns, objective: 'min-variance', constraints })
  })

  test('maximum Sharpe ratio on a semicovariance, long only', async () => {
    const returns = returnsOf(prices('pypfopt_stock_prices.csv.gz').rows)
    const falls = returns.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : Math.min(0, value))))
    const covariance = inputs().assets.map((_, i) =>
      inputs().assets.map((__, j) => (falls.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / falls.length) * 252),
    )
    const expectedReturns = inputs().expectedReturns.map((mean) => mean - 0.02)
    const constraints = { maxWeight: null, minCash: -1000, targetReturn: 0.1 }
    const problem = { ...inputs(), covariance, expectedReturns, objective: 'min-variance', constraints } as const
    await meets('max_sharpe_semicovariance', problem, covariance)
  })

  test('an exponentially weighted covariance: maximum Sharpe ratio, and a volatility without market', async () => {
    const returns = returnsOf(prices('pypfopt_stock_prices.csv.gz').rows)
    const means = inputs().assets.map((_, i) => {
      const known = returns.map((row) => row[i]!).filter((value) => !Number.isNaN(value))
      return known.reduce((sum, value) => sum + value, 0) / known.length
    })
    // Span 180: each day weighs 1 - 2 / 181 of the one after it; days without both prices are skipped.
    const weights = returns.map((_, t) => (1 - 2 / 181) ** (returns.length - 1 - t))
    const covariance = means.map((a, i) =>
      means.map((b, j) => {
        let [sum, total] = [0, 0]
        returns.forEach((row, t) => {
          const product = (row[i]! - a) * (row[j]! - b)
          if (Number.isNaN(product)) return
          sum += weights[t]! * product
          total += weights[t]!
        })
        return (sum / total) * 252
      }),
    )
    const expectedReturns = inputs().expectedReturns.map((mean) => mean - 0.02)
    const best = { maxWeight: null, minCash: -1000, targetReturn: 0.1 }
    const problem = { ...inputs(), covariance, objective: 'min-variance' } as const
    await meets('max_sharpe_exp_cov', { ...problem, expectedReturns, constraints: best }, covariance)
    const targetReturn = find('efficient_risk_exp_cov_market_neutral').expected[0]
    const neutral = { minWeight: -1, minCash: 1, maxCash: 1, targetReturn }
    await meets('efficient_risk_exp_cov_market_neutral', { ...problem, constraints: neutral }, covariance)
  })

  test('highest return for a volatility, as the least volatility for that return', async () => {
    for (const [id, constraints] of [
      ['efficient_risk_short', { minWeight: -1 }],
      ['efficient_risk_market_neutral', { minWeight: -1, minCash: 1, maxCash: 1 }],
    ] as const) {
      const targetReturn = find(id).expected[0]
      const problem = { ...inputs(), objective: 'min-variance', constraints: { ...constraints, targetReturn } } as const
      await meets(id, problem, inputs().covariance, 1e-5)
    }
  })

  test('least variance of long and short positions for a target return', async () => {
    const { expected, problem_inputs } = find('efficient_return_longshort_target')
    const { mu, cov_diagonal } = problem_inputs!
    const { expectedReturn, variance } = await answer({
      assets: mu.map((_, i) => `asset ${i}`),
      expectedReturns: mu,
      covariance: cov_diagonal.map((value, i) => cov_diagonal.map((_, j) => (i === j ? value : 0))),
      objective: 'min-variance',
      constraints: { minWeight: -1, minCash: 1, maxCash: 1, targetReturn: 0.08 },
    })
    close(expectedReturn, expected[0], 1e-6, 'return')
    close(Math.sqrt(variance!), expected[1], 1e-6, 'volatility')
  })
})

describe('Riskfolio-Lib, weights of 10 shares over 200 days', { skip: sharedAbsent }, () => {
  type Weights = { readonly expected_weights: Readonly<Record<string, number>> }
  const inputs = () => {
    const table = prices('riskfolio_stock_prices.csv.gz')
    const assets = table.assets.filter((asset) => asset !== 'SPY')
    const rows = table.rows.map((row) => assets.map((asset) => row[table.assets.indexOf(asset)]!))
    return { assets, scenarios: returnsOf(rows).slice(-200) }
  }
  const meets = async (file: string, id: string, problem: ProblemInput, tolerance = 1e-6) => {
    const { weights } = await answer(problem)
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
    const expected = readConformance<Peer<Weights>>(file).cases.find((item) => item.id === id)!.expected_weights
    for (const [asset, weight] of Object.entries(expected)) close(weights[asset]! / total, weight, 0, asset, tolerance)
  }

  test('minimum variance, minimum CVaR and the best worst day', async () => {
    const file = 'riskfolio_min_risk.json'
    await meets(file, 'min_risk:MV', { ...inputs(), objective: 'min-variance' }, 1e-4)
    await meets(file, 'min_risk:CVaR', { ...inputs(), objective: 'min-cvar' })
    await meets(file, 'min_risk:WR', { ...inputs(), objective: 'min-cvar', confidence: 0.999 })
  })

  test('most return for the risk, as least risk for one unit of return', async () => {
    // Both risks grow in proportion to the weights, so only the proportions matter; they are scaled to sum to 1 here.
    const constraints = { maxWeight: null, minCash: -1000, targetReturn: 0.001 }
    const file = 'riskfolio_max_ratio.json'
    await meets(file, 'max_ratio:MV', { ...inputs(), objective: 'min-variance', constraints }, 1e-4)
    await meets(file, 'max_ratio:CVaR', { ...inputs(), objective: 'min-cvar', constraints })
  })
})
