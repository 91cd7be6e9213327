import { html, type Markup } from './html.ts'
import type { BacktestReport, ReportFill } from './report.ts'
import { section, table } from './report-parts.ts'
import { count, fixed, short } from './report-words.ts'

const fillsShown = 200

/** The first fills, oldest first, and how many there were. */
export function fillList({ fills, currency }: BacktestReport): Markup {
  const shown = fills.slice(0, fillsShown)
  const all = fills.length === 0 ? 'Nothing was bought or sold.' : `${count(fills.length, 'fill')} in all.`
  const cut = fills.length > fillsShown ? ` The first ${fillsShown} are shown; backtest.json has every one.` : ''
  return section(
    'fills',
    'Fills',
    html`<p class="small">${all}${cut} Prices are official opens; costs and cash are in ${currency}.</p>`,
    shown.length === 0
      ? null
      : table(
          'Fills, oldest first',
          [{ name: 'Date', text: true }, { name: 'What', text: true }, { name: 'Costs' }, { name: 'Cash' }],
          shown.map(({ date, cost, cashChange, ...fill }) => [
            html`<span class="nowrap">${date}</span>`,
            fillWords(fill),
            fixed(cost, 2),
            html`<span class="nowrap">${fixed(cashChange, 2)}</span>`,
          ]),
        ),
  )
}

/** What happened, and why where nobody decided it. */
function fillWords(fill: Pick<ReportFill, 'name' | 'quantity' | 'price' | 'currency' | 'reason'>): string {
  const what = `${short(Math.abs(fill.quantity))} ${fill.name} at ${fill.currency} ${short(fill.price)}`
  if (fill.quantity > 0) return `Bought ${what}`
  switch (fill.reason) {
    case 'policy':
      return `Sold ${what}`
    case 'stop':
      return `Stop sold ${what}`
    case 'universe':
      return `Sold ${what}: it left the universe`
    case 'delisted':
      return `Written off ${what}: it trades no more, the last price less a haircut`
  }
}
