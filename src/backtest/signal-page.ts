import type { EChartsOption } from 'echarts'
import { init } from 'echarts/dist/echarts.esm.min'
import { html, type Markup, type Part, trusted } from './html.ts'
import { noteList } from './report-parts.ts'
import { styleSheet } from './report-style.ts'
import { dash } from './report-words.ts'

export const chartColors = {
  ink: '#1f2933',
  faint: '#d5dbe1',
  muted: '#52606d',
  main: '#0b5cad',
  second: '#b45f06',
} as const
const font = 'system-ui, sans-serif'

/** Pixels of the two drawings of a chart: text is 12 pixels in both, so a phone gets a narrower one and not a smaller one. */
const frames = { wide: { width: 760, height: 300, left: 72 }, narrow: { width: 340, height: 240, left: 52 } } as const

/**
 * A chart as inline SVG, drawn without a browser for a wide page and for a phone, with its meaning in words.
 *
 * @param id unique in the page
 */
export function chart(id: string, words: string, option: EChartsOption): Markup {
  const image = (frame: keyof typeof frames) =>
    html`<div class="${frame}" role="img" aria-label="${words}">${{ markup: drawn(`${id}-${frame}`, frames[frame], option) }}</div>`
  return html`<figure>${image('wide')}${image('narrow')}<figcaption class="small">${words}</figcaption></figure>`
}

function drawn(id: string, { left, ...size }: (typeof frames)[keyof typeof frames], option: EChartsOption): string {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, ...size })
  let svg: string
  try {
    drawing.setOption({
      animation: false,
      textStyle: { fontFamily: font, color: chartColors.ink },
      grid: { left, right: 16, top: 16, bottom: 44 },
      ...option,
    })
    svg = drawing.renderToSVGString()
  } finally {
    drawing.dispose()
  }
  // Names of clips count up from chart to chart, which would make equal runs differ; hover styles and marks serve a script only.
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/^<svg width="\d+" height="\d+"/, '<svg')
    .replace(/<defs >\s*<\/defs>/g, '')
}

export function valueAxis(format: (value: number) => string) {
  return {
    type: 'value' as const,
    axisLabel: { color: chartColors.muted, formatter: format },
    splitLine: { lineStyle: { color: chartColors.faint } },
  }
}

export function categoryAxis(name: string, labels: readonly string[]) {
  return {
    type: 'category' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 28,
    nameTextStyle: { color: chartColors.muted },
    data: [...labels],
    axisTick: { show: false },
    axisLine: { onZero: false, lineStyle: { color: chartColors.faint } },
    axisLabel: { color: chartColors.muted, hideOverlap: true },
  }
}

/** The first thing a reader must know of invented prices. */
export function marketWarning(market: string): Markup {
  if (!market.startsWith('simulated:')) return html``
  return html`<p class="banner">Simulated prices: they say nothing about any real market.</p>`
}

/** What a reader must know beside the figures. */
export function notesPart(notes: readonly string[]): Markup {
  return notes.length === 0 ? html`` : html`<h2>Notes</h2>${noteList(notes)}`
}

/** A figure with its interval under it, so that a phone shows both. */
export function withInterval({ mean, low, high }: Interval, format: (value: number) => string): Part {
  if (mean === null) return dash
  if (low === null || high === null) return format(mean)
  return html`${format(mean)}<br><span class="small">${format(low)} to ${format(high)}</span>`
}

export type Interval = { readonly mean: number | null; readonly low: number | null; readonly high: number | null }

/** Points with their intervals as upright lines. */
export function intervalChart(
  id: string,
  words: string,
  {
    labels,
    rows,
    xName,
    format,
  }: {
    readonly labels: readonly string[]
    readonly rows: readonly Interval[]
    readonly xName: string
    readonly format: (value: number) => string
  },
): Markup {
  const bars = rows.flatMap(({ low, high }, i) => (low === null || high === null ? [] : [[i, low, high]]))
  return chart(id, words, {
    xAxis: categoryAxis(xName, labels),
    yAxis: valueAxis(format),
    series: [
      {
        type: 'custom',
        data: bars,
        encode: { x: 0, y: [1, 2] },
        renderItem: (_, api) => {
          const [x = 0, bottom = 0] = api.coord([api.value(0), api.value(1)])
          const [, top = 0] = api.coord([api.value(0), api.value(2)])
          return {
            type: 'line',
            shape: { x1: x, y1: bottom, x2: x, y2: top },
            style: { stroke: chartColors.second, lineWidth: 2 },
          }
        },
      },
      {
        type: 'line',
        data: rows.map(({ mean }) => mean),
        symbol: 'circle',
        symbolSize: 7,
        lineStyle: { width: 2, color: chartColors.main },
        itemStyle: { color: chartColors.main },
      },
    ],
  })
}

/** A whole page that needs nothing from anywhere, and by its policy may not fetch anything. */
export function page(title: string, body: Markup): string {
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title><style>${trusted(styleSheet(null))}</style></head>
<body><main><p class="kicker">Research on past prices</p><h1>${title}</h1>
${body}
</main></body></html>
`.markup
  }`
}
