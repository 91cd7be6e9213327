import { parseProblem } from '../../optimizer/problem.ts'
import type { Solution } from '../../optimizer/solution.ts'
import { floorToStep } from '../../portfolio/costs.ts'
import { unitValue } from '../../portfolio/valuation.ts'
import { membersAt } from '../book-market.ts'
import { cooldownBlock, holdingBlock, weeklyBlock } from '../guardrails/guard.ts'
import { findStops } from '../guardrails/stop-loss.ts'
import type { Policy, Settled, View, Wish } from '../policy.ts'
import { isRebalanceSession, type Rebalance } from './rebalance.ts'

/** Base-currency returns that the risk of the next session is read from. */
export const cvarReturns = 252

/**
 * Minimum CVaR 95 of base-currency returns over the last 252 sessions, cash at the regime's floor, solved again on each ISO
 * week's first session. The largest gaps between target and held weight become orders until the weekly cap; what the
 * guardrails would refuse is not asked for. Before 252 returns: warm-up, no orders.
 *
 * A book may set two limits more: beyond a CVaR the weights are scaled down into cash, since CVaR is proportional to them; beyond
 * a turnover all gaps are closed in part alike.
 */
export function cvarPolicy(rebalance: Rebalance = 'weekly'): Policy {
  return {
    name: 'cvar',
    guarded: true,
    prepare: (view) => {
      const { market, session } = view
      if (session < cvarReturns) {
        return { kind: 'warm-up', because: `${session} of ${cvarReturns} returns are known` }
      }
      if (!isRebalanceSession(market.panel.sessions, session, view.firstSession, rebalance)) {
        return { kind: 'wishes', wishes: [], summary: '' }
      }
      const assets = membersAt(market, session)
        .map(({ symbol }) => symbol)
        .filter((symbol) => hasReturns(view, symbol))
      if (assets.length === 0) return { kind: 'warm-up', because: `no instrument has ${cvarReturns} returns yet` }
      const { limits } = market.book
      const cash = limits.cashFloor[view.regime().volatility]
      const investable = Math.min(1 - cash, limits.maxWeight * assets.length)
      const columns = assets.map((symbol) => market.panel.bySymbol.get(symbol)!.baseReturn)
      const scenarios = Array.from({ length: cvarReturns }, (_, s) =>
        Float64Array.from(columns, (column) => column[session - cvarReturns + 1 + s]!),
      )
      const problem = parseProblem({
        assets,
        scenarios,
        objective: 'min-cvar',
        confidence: 0.95,
        constraints: { maxWeight: limits.maxWeight, minCash: 1 - investable, maxCash: 1 - investable },
      })
      return { kind: 'solve', problem, settle: (solution) => settle(view, solution) }
    },
  }
}

/** Whether an asset has a return on each of the last 252 sessions and a price to trade at. */
function hasReturns(view: View, symbol: string): boolean {
  const { baseReturn } = view.market.panel.bySymbol.get(symbol)!
  for (let t = view.session - cvarReturns + 1; t <= view.session; t++) if (Number.isNaN(baseReturn[t]!)) return false
  return unitValue(view.market.panel, symbol, view.session) > 0
}

function settle(view: View, solution: Solution): Settled {
  if (solution.status !== 'optimal')
    return { kind: 'no-decision', because: `the optimizer found no portfolio: ${solution.because}` }
  const { market, session, holdings, equity } = view
  const stopped = new Set(findStops(view).map((stop) => stop.symbol))
  const busy = new Set(holdings.pending.map((order) => order.symbol))
  const { maxCvar = Number.POSITIVE_INFINITY, maxTurnover = Number.POSITIVE_INFINITY } = market.book.limits
  const scale = Math.min(1, maxCvar / (solution.cvar ?? 0))
  const wanted = membersAt(market, session).flatMap((instrument) => {
    const position = holdings.positions.find((candidate) => candidate.symbol === instrument.symbol)
    const value = unitValue(market.panel, instrument.symbol, session)
    const target = scale * (solution.weights[instrument.symbol] ?? 0)
    const held = position === undefined ? 0 : (position.quantity * value) / equity
    const gap = target - held
    const blocked =
      stopped.has(instrument.symbol) ||
      busy.has(instrument.symbol) ||
      !(value > 0) ||
      (gap < 0
        ? position === undefined || holdingBlock(view, position, instrument) !== null
        : cooldownBlock(view, instrument) !== null)
    return blocked ? [] : [{ symbol: instrument.symbol, gap, target, held, value, position }]
  })
  const turnover = wanted.reduce((sum, { gap }) => sum + Math.abs(gap) / 2, 0)
  const part = turnover > maxTurnover ? maxTurnover / turnover : 1
  const gaps =
    part === 1 ? wanted : wanted.map((one) => ({ ...one, gap: one.gap * part, target: one.held + one.gap * part }))
  gaps.sort((a, b) => Math.abs(b.gap) - Math.abs(a.gap) || (a.symbol < b.symbol ? -1 : 1))
  const ticket = market.book.costs.minimumTicket
  const floorCents = market.book.limits.cashFloor[view.regime().volatility] * equity * 100
  let spendableCents = Math.max(0, Math.floor(view.freeCashCents - floorCents))
  let trades = view.tradesThisWeek + stopped.size
  const wishes: Wish[] = []
  for (const { symbol, gap, target, held, value, position } of gaps) {
    if (weeklyBlock(view, trades) !== null) break
    const reason = `Target ${percent(target)} of equity, held ${percent(held)}: minimum CVaR 95 over ${cvarReturns} sessions.`
    const worth = Math.abs(gap) * equity
    if (gap < 0) {
      const whole = target < 1e-6
      if (worth < ticket && !whole) continue
      const quantity = whole ? position!.quantity : floorToStep(worth / value, market.book.costs.quantityStep)
      wishes.push({ side: 'sell', symbol, quantity, reason })
    } else {
      const amountCents = Math.min(Math.floor(worth * 100), spendableCents)
      if (amountCents < ticket * 100) continue
      spendableCents -= amountCents
      wishes.push({ side: 'buy', symbol, amountCents, reason })
    }
    trades++
  }
  const summary = `Minimum CVaR 95: ${percent((solution.cvar ?? Number.NaN) * scale)} of equity per session at the target weights.`
  return { kind: 'wishes', wishes, summary }
}

const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`
