import { fromCents } from '../units.ts'
import type { Action, Clamp } from './decision.ts'
import { figure, harmless, percent, price, quoted, signedPercent, table } from './prompt-figures.ts'
import type { Snapshot } from './snapshot.ts'

export function portfolioBlock({ portfolio, limits, currency }: Snapshot): string {
  const promised = portfolio.pending.reduce((sum, order) => sum + fromCents(order.amountCents ?? 0), 0)
  const free = Math.max(0, portfolio.cash - promised)
  const spendable = Math.max(0, free - limits.cashFloor * portfolio.equity)
  const share = free > 0 ? ` (${percent(spendable / free)} % of the free cash)` : ''
  return [
    `Equity ${currency} ${figure(portfolio.equity, 2)}, net return since the start ${signedPercent(portfolio.netReturn, 2)} %, ` +
      `${percent(portfolio.drawdown, 2)} % below its highest close.`,
    `Cash ${currency} ${figure(portfolio.cash, 2)} (${percent(portfolio.cashWeight)} % of equity, ${cashAgainstRange(portfolio.cashWeight, limits)}); ` +
      `free for buys ${currency} ${figure(free, 2)}, of which above the floor ${currency} ${figure(spendable, 2)}${share}.`,
  ].join('\n')
}

function cashAgainstRange(weight: number, { cashFloor, cashCeiling }: Snapshot['limits']): string {
  if (weight < cashFloor) return `${percent(cashFloor - weight)} points below today's range`
  if (weight > cashCeiling) return `${percent(weight - cashCeiling)} points above today's range: cash drag`
  return "within today's range"
}

/** One line a position. Room to the stop is what the close may still fall, in points of the average cost. */
export function positionsBlock({ portfolio, limits, currency }: Snapshot): string {
  const columns = [
    'symbol',
    'weight %',
    'room to largest weight, points',
    'close',
    'average cost',
    'change %',
    'room to stop, points',
    `unrealized ${currency} from price`,
    `from currency`,
    'prospect value',
    'sessions held by the next open',
  ]
  const rows = portfolio.positions.map((position) => [
    position.symbol,
    percent(position.weight),
    percent(Math.max(0, limits.maxWeight - position.weight)),
    price(position.close),
    price(position.averageCost),
    signedPercent(position.change),
    percent(Math.max(0, position.change + limits.stopLoss)),
    figure(position.unrealizedAsset, 2),
    figure(position.unrealizedCurrency, 2),
    figure(position.prospectValue, 1),
    String(position.sessionsHeld),
  ])
  if (rows.length === 0) return 'none'
  const stops =
    limits.stops.length === 0
      ? []
      : [`The stop-loss sells at the next open, whatever you decide: ${limits.stops.join(', ')}.`]
  return [table(columns, rows, 'none'), ...stops].join('\n')
}

export function pendingBlock({ portfolio, currency }: Snapshot): string {
  const rows = portfolio.pending.map((order) => {
    const size =
      order.side === 'buy'
        ? `for ${currency} ${figure(fromCents(order.amountCents ?? 0), 2)}`
        : `${order.quantity ?? 0} shares`
    return `${order.side} ${harmless(order.symbol, 24)} ${size}, decided ${order.decidedOn} (${order.reason}), sessions waited: ${order.waited}`
  })
  return rows.join('\n') || 'none'
}

export function riskBlock({ risk }: Snapshot): string {
  const shown = (loss: number | null) => (loss === null ? 'n/a' : `${percent(loss, 2)} % of equity`)
  const because = risk.because === null ? '' : `\n${harmless(risk.because, 200)}`
  return (
    `CVaR 95: ${shown(risk.cvar95)}. VaR 95: ${shown(risk.var95)}. CVaR 99: ${shown(risk.cvar99)}. VaR 99: ${shown(risk.var99)}.\n` +
    `From ${risk.observations} past sessions, cash included; positive is a loss.${because}`
  )
}

export function limitsBlock({ limits, currency, regime }: Snapshot): string {
  return [
    `- Cash range in ${regime.volatility} volatility: ${percent(limits.cashFloor)} % to ${percent(limits.cashCeiling)} % of equity. The floor is enforced: buys are shrunk to it in your order.`,
    `- Largest weight of one asset: ${percent(limits.maxWeight)} % of equity.`,
    `- Orders left this week: ${limits.tradesLeft} (${limits.tradesThisWeek} used; the stop-loss's count too).`,
    `- Smallest order: ${currency} ${figure(limits.minimumTicket, 2)}; a whole position may be sold whatever its size.`,
    `- Stop-loss: a close ${percent(limits.stopLoss)} % or more below the average cost sells the whole position at the next open.`,
    `- A position is held for at least ${limits.minimumHoldingSessions} sessions (the stop-loss excepted); what was sold out is not bought again for ${limits.reentryCooldownSessions} sessions.`,
    '- One order per asset; none where an earlier one still waits.',
  ].join('\n')
}

/** Rows with the same reason share a line: a used-up week would repeat it for every asset. */
export function blockedBlock({ limits }: Snapshot): string {
  const symbolsBy = new Map<string, string[]>()
  for (const { symbol, side, because } of limits.blocked) {
    const reason = `${side}, ${harmless(because, 120)}`
    symbolsBy.set(reason, [...(symbolsBy.get(reason) ?? []), symbol])
  }
  return (
    [...symbolsBy].map(([reason, symbols]) => `${reason}: ${symbols.join(' ')}`).join('\n') ||
    'nothing beyond the limits'
  )
}

export function benchmarksBlock({ benchmarks, portfolio }: Snapshot): string {
  const rows = benchmarks.map(({ shortName, netReturn, priceOnly }) => {
    const basis = priceOnly ? ' (price only, without dividends)' : ''
    return `${harmless(shortName, 30)} ${signedPercent(netReturn, 2)} %${basis}`
  })
  return [`This book ${signedPercent(portfolio.netReturn, 2)} %`, ...rows].join('; ')
}

const decisionsMost = 5
const actionsMost = 8

/** Latest first. The reasons are the model's own earlier words: outside text like any other. */
export function decisionsBlock({ recentDecisions }: Snapshot): string {
  const latest = recentDecisions.toSorted((a, b) => (a.date < b.date ? 1 : -1)).slice(0, decisionsMost)
  return latest.map(decisionRow).join('\n') || 'none yet'
}

function decisionRow({ date, outcome, actions, clamps, since }: Snapshot['recentDecisions'][number]): string {
  if (outcome !== 'decision') return `${date}: ${outcome}`
  if (actions.length === 0) return `${date}: nothing traded`
  const shown = actions.slice(0, actionsMost).map((action) => {
    const after = since.find((row) => row.symbol === action.symbol && row.side === action.side)?.return ?? null
    const outcomeSince = after === null ? 'no later close yet' : `the asset ${signedPercent(after)} % since that close`
    return `  ${actionText(action)}${clampText(action, clamps)}; ${outcomeSince}; reason given: ${quoted(action.reason, 140)}`
  })
  const more = actions.length > actionsMost ? [`  and ${actions.length - actionsMost} more`] : []
  return [`${date}:`, ...shown, ...more].join('\n')
}

function actionText({ side, symbol, pct }: Action): string {
  return `${side} ${harmless(symbol, 24)} ${figure(pct, 1)} % of ${side === 'buy' ? 'cash' : 'the position'}`
}

function clampText(action: Action, clamps: readonly Clamp[]): string {
  const rules = clamps
    .filter((clamp) => clamp.symbol === action.symbol && clamp.side === action.side)
    .map((clamp) => `${clamp.after === 0 ? 'refused' : 'shrunk'} by ${clamp.rule}`)
  return rules.length === 0 ? '' : ` (${rules.join(', ')})`
}

const notesMost = 5
const factorsMost = 20

export function notesBlock({ analystNotes, textFactors }: Snapshot): string {
  const notes = analystNotes
    .slice(-notesMost)
    .map(({ text, knownAt }) => `note of ${knownAt.slice(0, 10)}: ${quoted(text, 300)}`)
  const factors = textFactors
    .slice(0, factorsMost)
    .map(({ name, value, knownAt }) => `${harmless(name, 40)} ${figure(value, 2)} (${knownAt.slice(0, 10)})`)
  return [...notes, ...(factors.length === 0 ? [] : [`text factors: ${factors.join(', ')}`])].join('\n') || 'none'
}
