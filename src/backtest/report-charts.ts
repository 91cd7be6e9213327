import type { EChartsOption } from 'echarts'
import type { BacktestReport } from './report.ts'
import { axisFont, dateAxis, type Frame, font, grid, line, palette, thinned, valueAxis } from './report-axes.ts'
import { costName, dash, fixed, money, percent } from './report-words.ts'

export const chartNames = ['equity', 'drawdown', 'rolling', 'weights', 'costs', 'turnover', 'clamps'] as const
export type ChartName = (typeof chartNames)[number]

/** Lines are told apart by their dashes too, for eyes and printers that see no colour. */
export const opponentStyles = [
  { color: '#b45f06', dash: [6, 3] },
  { color: '#00795a', dash: [2, 3] },
  { color: '#93377a', dash: [9, 3, 2, 3] },
  { color: '#6b7280', dash: [3, 3] },
] as const

/** Bands of the weights from the bottom up. */
export const bandColors = [
  '#0b5cad',
  '#e0a33a',
  '#00795a',
  '#b0659a',
  '#6db3e8',
  '#b5503f',
  '#8fa63c',
  '#8794a3',
] as const

/** One chart as a plain ECharts option; null where the run has nothing to draw there. */
export function chartOption(name: ChartName, report: BacktestReport, frame: Frame): EChartsOption | null {
  const option = options[name](report, frame)
  if (option === null) return null
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: font, fontSize: 12, color: palette.ink },
    ...option,
  }
}

const options: Readonly<Record<ChartName, (report: BacktestReport, frame: Frame) => EChartsOption | null>> = {
  equity: equityChart,
  drawdown: drawdownChart,
  rolling: rollingChart,
  weights: weightsChart,
  costs: ({ costs, currency }) =>
    costs.byKind.length === 0
      ? null
      : barList(
          costs.byKind.map(({ kind, amount }) => ({
            name: costName(kind),
            value: amount,
            label: money(currency, amount),
          })),
        ),
  turnover: turnoverChart,
  clamps: ({ clamps }) =>
    clamps.length === 0
      ? null
      : barList(clamps.map(({ rule, count }) => ({ name: rule, value: count, label: fixed(count, 0) }))),
}

function equityChart(report: BacktestReport, frame: Frame): EChartsOption {
  const { dates, equity, opponents } = report
  return {
    grid,
    xAxis: dateAxis(dates, frame),
    yAxis: valueAxis((value) => fixed(value, 0)),
    series: [
      ...opponents.map((opponent, i) => {
        const { color, dash: type } = opponentStyles[i % opponentStyles.length]!
        return line(opponent.equity, { color, width: 1.5, type: [...type] })
      }),
      line(equity, { color: palette.own, width: 2.5 }),
      ...cutoffLine(report, [...equity, ...opponents.flatMap((opponent) => opponent.equity)]),
    ],
  }
}

/** Index of the last close to which the model's training reached; null where all or none of the run lies before it. */
export function cutoffIndex({ dates, knowledge }: BacktestReport): number | null {
  const cutoff = knowledge?.cutoff ?? null
  const at = cutoff === null ? -1 : dates.findLastIndex((date) => date <= cutoff)
  return at < 0 || at === dates.length - 1 ? null : at
}

export const cutoffStyle = { color: palette.ink, dash: [2, 2] } as const

/** An upright line there. */
function cutoffLine(report: BacktestReport, values: readonly number[]) {
  const at = cutoffIndex(report)
  if (at === null) return []
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  const data = [
    [at, low],
    [at, high],
  ]
  const lineStyle = { color: cutoffStyle.color, width: 1.5, type: [...cutoffStyle.dash] }
  return [{ type: 'line' as const, data, showSymbol: false, lineStyle }]
}

function drawdownChart({ dates, drawdown, own }: BacktestReport, frame: Frame): EChartsOption | null {
  if (own.maxDrawdown === 0) return null
  const deepest = own.maxDrawdown
  return {
    grid,
    xAxis: dateAxis(dates, frame),
    yAxis: {
      ...valueAxis((value) => percent(value, deepest < 0.04 ? 1 : 0)),
      max: 0,
      // A fall of next to nothing must not look like one.
      ...(deepest < 0.01 && { min: -0.01 }),
    },
    series: [
      {
        ...line(
          drawdown.map((value) => 0 - value),
          { color: palette.fall, width: 1.5 },
        ),
        sampling: 'min',
        areaStyle: { color: palette.fall, opacity: 0.16, origin: 0 },
      },
    ],
  }
}

/** The interval as a band: an unseen line at its lower end carries the rest. */
function rollingChart({ dates, rolling }: BacktestReport, frame: Frame): EChartsOption | null {
  if (rolling === null) return null
  const chosen = thinned(dates.length).filter((t) => t >= rolling.window)
  const band = { stack: 'interval', stackStrategy: 'all' as const, showSymbol: false, lineStyle: { opacity: 0 } }
  const low = chosen.map((t) => rolling.low[t] ?? null)
  return {
    grid,
    xAxis: dateAxis(
      chosen.map((t) => dates[t]!),
      frame,
    ),
    yAxis: valueAxis((value) => fixed(value, 0)),
    series: [
      { type: 'line', ...band, data: low },
      {
        type: 'line',
        ...band,
        data: chosen.map((t, i) => (low[i] === null ? null : rolling.high[t]! - low[i]!)),
        areaStyle: { color: palette.own, opacity: 0.18 },
      },
      line(
        chosen.map(() => 0),
        { color: palette.muted, width: 1 },
      ),
      line(
        chosen.map((t) => rolling.sharpe[t] ?? null),
        { color: palette.own, width: 2 },
      ),
    ],
  }
}

function weightsChart({ dates, weights }: BacktestReport, frame: Frame): EChartsOption {
  const chosen = thinned(dates.length)
  const bands = [
    ...weights.series.map(({ shares }, i) => ({ shares, color: bandColors[i % bandColors.length]! })),
    { shares: weights.cash, color: palette.cash },
  ]
  return {
    grid,
    xAxis: dateAxis(
      chosen.map((t) => dates[t]!),
      frame,
    ),
    yAxis: { ...valueAxis((value) => percent(value, 0)), min: 0, max: 1, interval: 0.25 },
    series: bands.map(({ shares, color }) => ({
      type: 'line' as const,
      stack: 'weights',
      data: chosen.map((t) => shares[t]!),
      showSymbol: false,
      lineStyle: { width: 0.5, color: '#ffffff' },
      areaStyle: { color, opacity: 1 },
    })),
  }
}

function turnoverChart({ turnoverMonths }: BacktestReport, frame: Frame): EChartsOption | null {
  if (turnoverMonths.every(({ turnover }) => turnover === 0)) return null
  const months = turnoverMonths.map(({ month }) => `${month}-01`)
  return {
    grid,
    xAxis: { ...dateAxis(months, frame), boundaryGap: true },
    yAxis: { ...valueAxis((value) => percent(value, 0)), min: 0 },
    series: [
      {
        type: 'bar',
        data: turnoverMonths.map(({ turnover }) => turnover),
        itemStyle: { color: palette.own },
        barCategoryGap: '25%',
        barMaxWidth: 28,
      },
    ],
  }
}

type Bar = { readonly name: string; readonly value: number; readonly label: string }

/** Height of a chart of bars lying one under the other. */
export function barListHeight(bars: number): number {
  return 28 * bars + 12
}

function barList(bars: readonly Bar[]): EChartsOption {
  return {
    grid: { left: 130, right: 86, top: 6, bottom: 6 },
    xAxis: { type: 'value', show: false, min: 0 },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...axisFont, color: palette.ink, width: 122, overflow: 'truncate' },
    },
    series: [
      {
        type: 'bar',
        barMaxWidth: 16,
        data: bars.map(({ value }) => value),
        itemStyle: { color: palette.own },
        label: {
          show: true,
          position: 'right',
          formatter: ({ dataIndex }) => bars[dataIndex]?.label ?? dash,
          color: palette.ink,
          fontFamily: font,
          fontSize: 12,
        },
      },
    ],
  }
}
