import type { EChartsOption } from 'echarts'
import type { BacktestReport } from '../backtest/report.ts'
import { font, palette, thinned } from '../backtest/report-axes.ts'
import { bandColors } from '../backtest/report-charts.ts'
import { labelOffsets, monthTicks } from '../posts/chart-layout.ts'
import { chartSize, type EquityData } from '../posts/chart-options.ts'
import { fixed, money, percent, signedPercent } from '../posts/text.ts'

/** Equity against the benchmarks and the drawdown under it, as the posts draw them. */
export function equityPicture(report: BacktestReport): EquityData {
  const { title, policy, currency, dates, equity, opponents, drawdown, own } = report
  return {
    dates,
    equity,
    benchmarks: opponents.map(({ name, equity }) => ({ name, values: equity })),
    drawdown,
    currency,
    title: `${title}: ${money(currency, equity.at(-1)! * 100)}, ${signedPercent(own.totalReturn)}`,
    subtitle: `${policy}, backtest net of costs, ${span(dates)}`,
    label: labelOf(report),
  }
}

const panel = { left: 130, right: 300, top: 140, bottom: 80 } as const

/** Weights over time as bands, named at their ends. */
export function weightsPicture(report: BacktestReport): EChartsOption {
  const { dates, weights } = report
  const chosen = thinned(dates.length)
  const shown = chosen.map((t) => dates[t]!)
  const ticks = monthTicks(shown, 6)
  const bands = [
    ...weights.series.map((band, i) => ({ ...band, color: bandColors[i % bandColors.length]! })),
    { name: 'Cash', shares: weights.cash, color: palette.cash },
  ]
  const axisText = { color: palette.muted, fontFamily: font, fontSize: 28 }
  return {
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: `${report.title}: what was held`,
      subtext: [labelOf(report).toUpperCase(), `${report.policy}, shares of equity, ${span(dates)}`]
        .filter((text) => text !== '')
        .join(' · '),
      left: 24,
      top: 14,
      itemGap: 6,
      textStyle: { color: palette.ink, fontFamily: font, fontSize: 40, fontWeight: 600, lineHeight: 50 },
      subtextStyle: { color: palette.muted, fontFamily: font, fontSize: 30, lineHeight: 38 },
    },
    grid: panel,
    xAxis: {
      type: 'category',
      data: shown,
      boundaryGap: false,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.faint, width: 2 } },
      axisLabel: {
        ...axisText,
        margin: 20,
        interval: (index: number) => ticks.has(index),
        formatter: (_: string, index: number) => ticks.get(index) ?? '',
      },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: 1,
      interval: 0.25,
      axisLabel: { ...axisText, margin: 14, formatter: (value: number) => percent(value) },
      splitLine: { lineStyle: { color: palette.faint, width: 1.5 } },
    },
    series: bands.map(({ shares, color }) => ({
      type: 'line',
      stack: 'weights',
      data: chosen.map((t) => shares[t]!),
      showSymbol: false,
      lineStyle: { width: 1.5, color: '#ffffff' },
      areaStyle: { color, opacity: 1 },
    })),
    graphic: endLabels(bands),
  }
}

type Band = { readonly name: string; readonly shares: readonly number[]; readonly color: string }

/** A square and a name beside each band's place at the last close, moved apart where they would overlap. */
function endLabels(bands: readonly Band[]) {
  const height = chartSize.height - panel.top - panel.bottom
  let below = 0
  const middles = bands.map(({ shares }) => {
    const share = shares.at(-1)!
    below += share
    return below - share / 2
  })
  const offsets = labelOffsets(middles, { min: 0, max: 1, interval: 0.25 }, { height, labelHeight: 38 })
  const x = chartSize.width - panel.right + 16
  return bands.flatMap(({ name, shares, color }, i) => {
    const y = panel.top + (1 - middles[i]!) * height + offsets[i]!
    const share = ` ${fixed(shares.at(-1)! * 100, 0)} %`
    const room = 15 - share.length
    const short = name.length <= room ? name : `${name.slice(0, room - 1)}…`
    return [
      { type: 'rect' as const, shape: { x, y: y - 11, width: 22, height: 22 }, style: { fill: color } },
      {
        type: 'text' as const,
        x: x + 32,
        y,
        style: {
          text: `${short}${share}`,
          fill: palette.ink,
          font: `28px ${font}`,
          textVerticalAlign: 'middle' as const,
        },
      },
    ]
  })
}

function span(dates: readonly string[]): string {
  return dates.length < 2 ? dates[0]! : `${dates[0]} to ${dates.at(-1)}`
}

function labelOf({ simulated }: BacktestReport): string {
  return simulated === null ? '' : 'Simulated prices.'
}
