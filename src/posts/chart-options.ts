import type { EChartsOption } from 'echarts'
import { labelOffsets, monthTicks, niceRange } from './chart-layout.ts'
import { fixed, percent, signedPercent } from './text.ts'

export type EquityData = {
  readonly dates: readonly string[]
  /** Worth of the book at each date's close, in `currency`; the first is the initial capital. */
  readonly equity: readonly number[]
  /** Drawn in this order under the book, each from the same initial capital. */
  readonly benchmarks: readonly { readonly name: string; readonly values: readonly number[] }[]
  /** Fraction below the highest close so far, zero or more. */
  readonly drawdown: readonly number[]
  readonly currency: string
  readonly title: string
  readonly subtitle: string
  /** Which prices: 'Simulated prices.', 'Recorded prices.' or nothing. */
  readonly label: string
}

export type AllocationData = {
  readonly date: string
  /** Fractions of equity, in any order. */
  readonly positions: readonly { readonly name: string; readonly weight: number }[]
  readonly cash: number
  readonly title: string
  readonly subtitle: string
  readonly label: string
}

/** 16:9, as X and Discord show pictures whole; on a phone it is about 400 wide, so text of 30 reads as 10. */
export const chartSize = { width: 1200, height: 675 } as const

const ink = '#1f2933'
const faint = '#d5dbe1'
const muted = '#52606d'
const bookColor = '#0b5cad'
// Okabe and Ito's palette, told apart by colour-blind eyes as well, darkened so that the labels read on white.
const benchmarkColors = ['#b45f06', '#00795a', '#93377a', '#6b7280', '#8a6d00', '#a1352a'] as const
const font = 'Inter'
const equityPanel = { left: 138, right: 284, top: 140, height: 308 } as const
const drawdownPanel = { left: 138, right: 284, top: 508, height: 100 } as const

/**
 * Equity against the benchmarks, and the drawdown under it, as a plain ECharts option. Pure; the web page draws the same one.
 * Lines are named at their ends with their net return, moved apart where they would overlap.
 */
export function equityOption(data: EquityData): EChartsOption {
  const lines = [
    ...data.benchmarks.map(({ name, values }, index) => ({
      name,
      values,
      color: benchmarkColors[index % benchmarkColors.length]!,
      width: 3,
      weight: 400 as const,
    })),
    { name: 'Book', values: data.equity, color: bookColor, width: 6, weight: 600 as const },
  ]
  const range = niceRange(lines.flatMap((line) => line.values))
  const ends = lines.map(({ values }) => values.at(-1) ?? range.min)
  const offsets = labelOffsets(ends, range, { height: equityPanel.height, labelHeight: 38 })
  const deepest = niceRange([0, -Math.max(0.01, ...data.drawdown)], [2])
  const lonely = data.dates.length < 2
  return {
    ...frame(data),
    ...(data.benchmarks.some(({ name }) => name.endsWith(priceOnly)) ? priceOnlyNote : {}),
    grid: [equityPanel, drawdownPanel],
    xAxis: [dateAxis(data.dates, 0, false), dateAxis(data.dates, 1, true)],
    yAxis: [
      valueAxis(0, range, (value) => axisMoney(value, range.interval)),
      valueAxis(1, deepest, (value) => (value === 0 ? '0 %' : `-${percent(-value)}`)),
    ],
    series: [
      ...lines.map((line, index) => ({
        type: 'line' as const,
        name: line.name,
        data: [...line.values],
        showSymbol: lonely,
        symbolSize: 14,
        lineStyle: { width: line.width, color: line.color },
        itemStyle: { color: line.color },
        z: 2 + index,
        endLabel: { show: !lonely, ...endStyle(line, offsets[index]!) },
        label: { show: lonely, position: 'right' as const, ...endStyle(line, offsets[index]!) },
      })),
      {
        type: 'line' as const,
        name: 'Drawdown',
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: data.drawdown.map((value) => -value),
        showSymbol: lonely,
        lineStyle: { width: 3, color: drawdownLine.color },
        itemStyle: { color: drawdownLine.color },
        areaStyle: { color: drawdownLine.color, opacity: 0.18, origin: 0 },
        endLabel: { show: true, ...endStyle(drawdownLine, 0) },
      },
    ],
  }
}

const priceOnly = ' (price only)'

/** An index pays no dividends, so a benchmark that is one looks worse than it was: a star beside its name says so. */
const priceOnlyNote = {
  graphic: {
    type: 'text' as const,
    right: 24,
    bottom: 24,
    style: { text: '* price only', fill: muted, font: `28px ${font}` },
  },
}

/** Example: axisMoney(10_200, 200) -> '10,200', axisMoney(1_250_000, 50_000) -> '1.25 M' */
function axisMoney(value: number, interval: number): string {
  if (Math.abs(value) >= 1e6) return `${fixed(value / 1e6, 2)} M`
  return fixed(value, interval < 1 ? 2 : 0)
}

type Line = {
  readonly name: string
  readonly values: readonly number[]
  readonly color: string
  readonly weight: 400 | 600
}

const drawdownLine: Line = { name: 'Drawdown', values: [], color: '#a1352a', weight: 400 }

/** A line's label: its name, and its return where it has values. */
function endStyle({ name, values, color, weight }: Line, offset: number) {
  const first = values[0] ?? 0
  const change = first > 0 ? ` ${signedPercent(values.at(-1)! / first - 1)}` : ''
  // The margin holds 16 characters; the figure is never cut.
  const short = name.replace(priceOnly, '*')
  const room = 16 - change.length
  return {
    formatter: `${short.length <= room ? short : `${short.slice(0, room - 1)}…`}${change}`,
    color,
    fontFamily: font,
    fontSize: 30,
    fontWeight: weight,
    offset: [8, offset],
  }
}

/** Weights of the day as bars, the largest first, cash apart; more than nine positions share one bar for the smallest. */
export function allocationOption(data: AllocationData): EChartsOption {
  const sorted = [...data.positions].sort((a, b) => b.weight - a.weight)
  const shown = sorted.length <= 9 ? sorted : sorted.slice(0, 8)
  const others = sorted.slice(shown.length)
  const bars = [
    ...shown.map((bar) => ({ ...bar, color: bookColor })),
    ...(others.length === 0
      ? []
      : [
          {
            name: `${others.length} others`,
            weight: others.reduce((sum, { weight }) => sum + weight, 0),
            color: '#6f9cc9',
          },
        ]),
    { name: 'Cash', weight: data.cash, color: '#8b95a1' },
  ]
  const size = bars.length > 7 ? 28 : 32
  return {
    ...frame(data),
    grid: { left: 300, right: 160, top: 132, bottom: 24 },
    xAxis: { type: 'value', show: false, min: 0, max: Math.max(0.01, ...bars.map(({ weight }) => weight)) },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: {
        color: ink,
        fontFamily: font,
        fontSize: size,
        margin: 18,
        width: 270,
        overflow: 'truncate',
        interval: 0,
      },
    },
    series: [
      {
        type: 'bar',
        barCategoryGap: '28%',
        barMaxWidth: 64,
        data: bars.map(({ weight, color }) => ({ value: weight, itemStyle: { color, borderRadius: 4 } })),
        label: {
          show: true,
          position: 'right',
          formatter: ({ value }) => `${fixed(Number(value) * 100, 1)} %`,
          color: ink,
          fontFamily: font,
          fontSize: size,
          fontWeight: 600,
        },
      },
    ],
  }
}

/** Title, subtitle and ground of every chart. Prices that are not live are named first, in capitals. */
function frame({
  title,
  subtitle,
  label,
}: {
  readonly title: string
  readonly subtitle: string
  readonly label: string
}) {
  const prices = label.replace(/\.$/, '').toUpperCase()
  const fit = { width: chartSize.width - 48, overflow: 'truncate' as const, fontFamily: font }
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: font, fontSize: 26, color: ink },
    title: {
      text: title,
      subtext: [prices, subtitle].filter((text) => text !== '').join(' · '),
      left: 24,
      top: 14,
      itemGap: 6,
      textStyle: { ...fit, color: ink, fontSize: 40, fontWeight: 600 as const, lineHeight: 50 },
      subtextStyle: { ...fit, color: muted, fontSize: 30, lineHeight: 38 },
    },
  }
}

function dateAxis(dates: readonly string[], gridIndex: number, labelled: boolean) {
  const ticks = monthTicks(dates, 6)
  return {
    type: 'category' as const,
    gridIndex,
    data: [...dates],
    boundaryGap: dates.length < 2,
    axisTick: { show: false },
    axisLine: { show: labelled, onZero: false, lineStyle: { color: faint, width: 2 } },
    axisLabel: {
      show: labelled,
      interval: (index: number) => ticks.has(index),
      formatter: (_date: string, index: number) => ticks.get(index) ?? '',
      color: muted,
      fontFamily: font,
      fontSize: 28,
      margin: 20,
      hideOverlap: true,
    },
  }
}

function valueAxis(
  gridIndex: number,
  range: { readonly min: number; readonly max: number; readonly interval: number },
  formatter: (value: number) => string,
) {
  return {
    type: 'value' as const,
    gridIndex,
    min: range.min,
    max: range.max,
    interval: range.interval,
    axisLabel: { color: muted, fontFamily: font, fontSize: 28, margin: 14, formatter },
    splitLine: { lineStyle: { color: faint, width: 1.5 } },
  }
}
