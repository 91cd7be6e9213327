import { palette } from './report-axes.ts'
import type { Fonts } from './report-page.ts'

/** The style sheet of a report: one column that a phone shows whole, and A4 pages that break between things. */
export function styleSheet(fonts: Fonts | null): string {
  return `${fonts === null ? '' : fontFace(400, fonts.regular) + fontFace(600, fonts.semibold)}${sheet}`
}

function fontFace(weight: number, base64: string): string {
  return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/woff2;base64,${base64}) format('woff2')}\n`
}

const sheet = `
:root { color-scheme: light; --ink: ${palette.ink}; --muted: ${palette.muted}; --faint: ${palette.faint}; --own: ${palette.own};
  font: 16px/1.55 Inter, system-ui, sans-serif; color: var(--ink); background: #fff }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 792px; padding: 0 16px 48px; overflow-wrap: anywhere }
.kicker { margin: 28px 0 0; color: var(--muted); font-size: 13px; letter-spacing: 0.02em }
h1 { margin: 4px 0 12px; font-size: 30px; line-height: 1.15; font-weight: 600; letter-spacing: -0.015em }
h2 { margin: 48px 0 6px; padding-top: 14px; border-top: 2px solid var(--ink); font-size: 20px; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em }
h3 { margin: 22px 0 4px; font-size: 16px; font-weight: 600 }
p { margin: 0 0 12px; max-width: 68ch }
.lead { font-size: 18px; line-height: 1.5 }
.small, caption { max-width: none; color: var(--muted); font-size: 13px; line-height: 1.45 }
.banner { max-width: none; margin: 16px 0 0; padding: 10px 14px; border: 2px solid #8a4b00; background: #fff4e0; color: #5c3200; font-weight: 600 }
.verdict { margin: 16px 0; padding: 12px 16px; border-left: 4px solid var(--own); background: #eef4fb; max-width: none }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 20px 0; padding: 0; list-style: none; background: var(--faint); border: 1px solid var(--faint) }
.tiles li { background: #fff; padding: 10px 14px }
.tiles span { display: block; color: var(--muted); font-size: 13px }
.tiles b { display: block; font-size: 22px; line-height: 1.3; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums }
nav { margin: 12px 0 0; font-size: 14px } nav a { display: inline-block; margin-right: 14px; padding: 4px 0; color: var(--own) }
figure { margin: 10px 0 14px }
figure svg { display: block; width: 100%; height: auto }
.narrow { display: none }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 6px 0; padding: 0; list-style: none; font-size: 13px }
.legend li { display: flex; align-items: center; gap: 6px; white-space: nowrap }
.legend svg { display: inline-block; width: 26px; height: 10px; flex: none }
.scroll { overflow-x: auto; margin: 8px 0 16px }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums }
caption { text-align: left; padding-bottom: 6px; caption-side: top }
th, td { padding: 5px 0 5px 12px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--faint) }
th:first-child, td:first-child { padding-left: 0; text-align: left }
thead th { color: var(--muted); font-weight: 400; font-size: 13px; vertical-align: bottom; border-bottom-color: var(--muted) }
tbody th { font-weight: 400 } .own { font-weight: 600 } td.text, th.text { text-align: left } .total th, .total td { font-weight: 600 }
table { overflow-wrap: normal } td.text { overflow-wrap: anywhere } .nowrap, th.short { white-space: nowrap }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 12px 0; font-size: 14px }
dt { color: var(--muted) } dd { margin: 0 }
.months td { padding-left: 2px; padding-right: 4px; font-size: 13px } .months .gain { background: #e3eefa } .months .gains { background: #bfd9f4 }
.months .loss { background: #fdeedd } .months .losses { background: #f8d3a8 }
ul.notes { padding-left: 18px; font-size: 14px } ul.notes li { margin-bottom: 4px }
footer { margin-top: 48px; padding-top: 12px; border-top: 1px solid var(--faint); color: var(--muted); font-size: 13px }
@media screen and (max-width: 600px) {
  .wide { display: none } .narrow { display: block }
  h1 { font-size: 25px } h2 { margin-top: 38px } .lead { font-size: 17px }
  .tiles { grid-template-columns: 1fr 1fr } .tiles li { padding: 8px 12px } .tiles b { font-size: 20px }
  table { font-size: 13px } thead th { font-size: 12px } th, td { padding-left: 7px }
  .stack, .stack tbody { display: block } .stack thead { display: none }
  .stack tr { display: grid; grid-template-columns: repeat(4, 1fr); gap: 4px 10px; padding: 8px 0; border-bottom: 1px solid var(--faint) }
  .stack tr > * { padding: 0; border: 0; text-align: left } .stack th { grid-column: 1 / -1; font-weight: 600 }
  .stack td::before { content: attr(data-name); display: block; color: var(--muted); font-size: 11px }
  dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: 8px }
  .months, .months tbody { display: block } .months thead { display: none }
  .months tr { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin-bottom: 14px }
  .months tr > * { padding: 4px 6px; border: 0 } .months th { grid-column: 1 / 4; font-weight: 600 } .months .total { grid-row: 1; grid-column: 4 }
  .months td::before { content: attr(data-month); display: block; color: var(--muted); font-size: 11px; text-align: left }
}
@media print {
  @page { size: A4; margin: 14mm 15mm }
  :root { font-size: 10.5pt } body { max-width: none; padding: 0 } nav { display: none }
  .lead { font-size: 12pt } h1 { font-size: 20pt } h2 { margin-top: 26px; font-size: 14pt; break-after: avoid } h3 { break-after: avoid }
  .kicker { margin-top: 0 } figure, .tiles, .verdict, dl, tr, .keep, .months { break-inside: avoid }
  p:has(+ .scroll), p:has(+ table), p:has(+ figure), p:has(+ dl) { break-after: avoid } thead { display: table-header-group }
  table { font-size: 9pt } th, td { padding-top: 3px; padding-bottom: 3px } .months td { font-size: 8pt } .scroll { overflow: visible } a { color: inherit }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
`
