import { type EChartsOption, init } from 'echarts'
import { html, type Markup } from './html.ts'

export const chartColors = {
  ink: '#1f2933',
  faint: '#d5dbe1',
  muted: '#52606d',
  main: '#0b5cad',
  second: '#b45f06',
} as const
const font = 'system-ui, sans-serif'

/**
 * A chart as inline SVG, drawn without a browser, with its meaning in words for those who do not see it.
 *
 * @param id unique in the page
 */
export function chart(id: string, words: string, option: EChartsOption): Markup {
  const size = { width: 760, height: 300 }
  const drawing = init(null, null, { renderer: 'svg', ssr: true, ...size })
  let svg: string
  try {
    drawing.setOption({
      animation: false,
      textStyle: { fontFamily: font, color: chartColors.ink },
      grid: { left: 72, right: 24, top: 24, bottom: 44 },
      ...option,
    })
    svg = drawing.renderToSVGString()
  } finally {
    drawing.dispose()
  }
  // Names of clips count up from chart to chart, which would make equal runs differ; hover styles and marks serve a script only.
  const still = svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/^<svg width="\d+" height="\d+"/, '<svg')
    .replace(/<defs >\s*<\/defs>/g, '')
  return html`<figure role="img" aria-label="${words}">${{ markup: still }}<figcaption>${words}</figcaption></figure>`
}

export function valueAxis(name: string, format: (value: number) => string) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 52,
    nameTextStyle: { color: chartColors.muted },
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
  return html`<p><strong>Simulated prices: they say nothing about any real market.</strong></p>`
}

/** What a reader must know beside the figures. */
export function noteList(notes: readonly string[]): Markup {
  return notes.length === 0 ? html`` : html`<h2>Notes</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`
}

/** A fraction for people, a dash where it is not known. */
export const percent = (value: number | null, digits = 2) =>
  value === null ? '-' : `${(100 * value).toFixed(digits)} %`
export const plain = (value: number | null, digits = 3) => (value === null ? '-' : value.toFixed(digits))

/** A table whose first row and first column name the rest. Numbers come as text, a dash for what is not known. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): Markup {
  return html`<div class="wide"><table><thead><tr>${header.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first = '', ...rest]) =>
      html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`
}

type Interval = { readonly mean: number | null; readonly low: number | null; readonly high: number | null }

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
    yAxis: valueAxis('', format),
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

const style = `
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: ${chartColors.ink}; background: #fff }
body { max-width: 820px; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.2 } h2 { font-size: 1.1rem; margin-top: 2rem }
figure { margin: 1rem 0; break-inside: avoid } figure svg { width: 100%; height: auto }
figcaption, .small { color: ${chartColors.muted}; font-size: 0.85rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem }
th, td { padding: 0.25rem 0.6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid ${chartColors.faint} }
th[scope=row] { text-align: left; font-weight: 600 }
@media print { body { margin: 0; max-width: none; font-size: 11pt } h2 { break-after: avoid } }
`

/** A whole page that needs nothing from anywhere, and by its policy may not fetch anything. */
export function page(title: string, body: Markup): string {
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title><style>${{ markup: style }}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`.markup
  }`
}
