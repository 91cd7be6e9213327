import type { BacktestReport } from './report.ts'
import type { ChartName } from './report-charts.ts'
import { costName, fixed, money, percent, signedPercent } from './report-words.ts'

/** Each chart in a sentence, for whoever does not see it. */
export function chartWords(name: ChartName, report: BacktestReport): string {
  const { dates, equity, opponents, currency, drawdown, rolling, costs, clamps, turnoverMonths, weights } = report
  const range = `from ${dates[0]} to ${dates.at(-1)}`
  switch (name) {
    case 'equity':
      return `Lines ${range}: this run ends at ${money(currency, equity.at(-1)!)}, ${signedPercent(report.own.totalReturn)}; ${opponents.map((one) => `${one.name} ${signedPercent(one.figures.totalReturn)}`).join(', ')}.`
    case 'drawdown': {
      const deepest = drawdown.reduce((worst, value, t) => (value > drawdown[worst]! ? t : worst), 0)
      return `Area ${range}: fraction below the highest close so far. Deepest ${percent(drawdown[deepest]!)} on ${dates[deepest]}, ${percent(drawdown.at(-1)!)} at the end.`
    }
    case 'rolling': {
      const known = rolling?.sharpe.filter((value) => value !== null) ?? []
      const least = known.reduce((low, value) => Math.min(low, value), Infinity)
      const largest = known.reduce((high, value) => Math.max(high, value), -Infinity)
      return `Line with a band ${range}: Sharpe ratio of the last ${rolling?.window} returns with its 95 % interval, between ${fixed(least, 1)} and ${fixed(largest, 1)}.`
    }
    case 'weights':
      return `Stacked areas ${range}: shares of equity. At the end ${[...weights.series.map(({ name, shares }) => `${name} ${percent(shares.at(-1)!, 0)}`), `cash ${percent(weights.cash.at(-1)!, 0)}`].join(', ')}.`
    case 'costs':
      return `Bars: ${costs.byKind.map(({ kind, amount }) => `${costName(kind)} ${money(currency, amount)}`).join(', ')}.`
    case 'turnover': {
      const most = turnoverMonths.reduce((high, month) => (month.turnover > high.turnover ? month : high))
      return `Bars, one for each month ${range}: most in ${most.month} with ${percent(most.turnover, 0)} of equity.`
    }
    case 'clamps':
      return `Bars: ${clamps.map(({ rule, count }) => `${rule} ${count}`).join(', ')}.`
  }
}
