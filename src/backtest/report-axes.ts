import { monthNames } from './report-words.ts'

/** Pixels of a chart. Text is 12 pixels in each, so a phone gets a narrower drawing and not a smaller one. */
export type Frame = { readonly width: number; readonly height: number }

export const palette = {
  ink: '#1f2933',
  muted: '#52606d',
  faint: '#d5dbe1',
  own: '#0b5cad',
  fall: '#a1352a',
  cash: '#dfe3e8',
} as const

export const font = 'Inter, sans-serif'
export const axisFont = { color: palette.muted, fontFamily: font, fontSize: 12 } as const
export const grid = { left: 58, right: 14, top: 10, bottom: 28 } as const
const pointsMost = 260

export function line(
  data: readonly (number | null)[],
  style: { readonly color: string; readonly width: number; readonly type?: number[] },
) {
  return {
    type: 'line' as const,
    data: [...data],
    showSymbol: data.length < 2,
    sampling: 'lttb' as const,
    lineStyle: { ...style, join: 'round' as const },
    itemStyle: { color: style.color },
  }
}

export function valueAxis(formatter: (value: number) => string) {
  return {
    type: 'value' as const,
    scale: true,
    splitNumber: 4,
    axisLabel: { ...axisFont, formatter },
    splitLine: { lineStyle: { color: palette.faint } },
  }
}

export function dateAxis(dates: readonly string[], { width }: Frame) {
  const ticks = dateTicks(dates, width < 500 ? 4 : 7)
  return {
    type: 'category' as const,
    data: [...dates],
    boundaryGap: false,
    axisLine: { onZero: false, lineStyle: { color: palette.muted } },
    axisTick: {
      alignWithLabel: true,
      interval: (index: number) => ticks.has(index),
      lineStyle: { color: palette.muted },
    },
    axisLabel: {
      ...axisFont,
      interval: (index: number) => ticks.has(index),
      formatter: (_: string, index: number) => ticks.get(index) ?? '',
      hideOverlap: true,
    },
  }
}

/**
 * Firsts of months, quarters or years that carry a label, at most `most`; single days where all lies within two months. None
 * at the very left, where it would touch the other axis.
 */
export function dateTicks(dates: readonly string[], most: number): ReadonlyMap<number, string> {
  const monthOf = (date: string) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1
  const starts = dates.flatMap((date, i) =>
    i > dates.length / 50 && monthOf(date) !== monthOf(dates[i - 1]!) ? [i] : [],
  )
  for (const every of [1, 2, 3, 6, 12, 24, 60, 120]) {
    const chosen = starts.filter((i) => monthOf(dates[i]!) % every === 0)
    if (chosen.length > most) continue
    if (chosen.length < 2) break
    return new Map(
      chosen.map((i) => {
        const date = dates[i]!
        return [i, every >= 12 ? date.slice(0, 4) : `${monthNames[Number(date.slice(5, 7)) - 1]} ${date.slice(0, 4)}`]
      }),
    )
  }
  const days = [...new Set([0.1, 0.5, 0.9].map((share) => Math.round(share * (dates.length - 1))))]
  return new Map(
    days.map((i) => [
      i,
      `${Number(dates[i]!.slice(8))} ${monthNames[Number(dates[i]!.slice(5, 7)) - 1]} ${dates[i]!.slice(0, 4)}`,
    ]),
  )
}

/** Indices of so many values that a drawing can show, evenly spaced, the last one among them. */
export function thinned(count: number): readonly number[] {
  const step = Math.max(1, Math.ceil(count / pointsMost))
  const chosen: number[] = []
  for (let t = (count - 1) % step; t < count; t += step) chosen.push(t)
  return chosen
}
