import { strict as assert } from 'node:assert'
import type { Instrument } from '../market/bar.ts'
import type { Currency, IsoDate } from '../units.ts'
import { fromBps } from '../units.ts'
import type { Costs } from './book.ts'
import { costKinds, type FillCosts } from './holdings.ts'

/** Cost rates of one order as fractions of its value at the mid price, for one instrument, side and date. */
export type CostRates = {
  readonly commission: number
  readonly commissionMin: number
  readonly spread: number
  readonly fx: number
  readonly tax: number
}

/**
 * Rates that a fill is charged. Purchase taxes apply to buys alone, at the rate in force on the fill date.
 *
 * @param charged the instrument's half-spread and tax schedule, and its currency
 * @param base currency of the book: other currencies pay the FX spread
 */
export function costRates(
  charged: Pick<Instrument, 'currency' | 'halfSpreadBps' | 'purchaseTax'>,
  side: 'buy' | 'sell',
  date: IsoDate,
  costs: Costs,
  base: Currency,
): CostRates {
  return {
    commission: fromBps(costs.commissionBps),
    commissionMin: costs.commissionMin,
    spread: fromBps(charged.halfSpreadBps),
    fx: charged.currency === base ? 0 : fromBps(costs.fxBps),
    tax: side === 'buy' && charged.purchaseTax !== undefined ? purchaseTaxRate(costs, charged.purchaseTax, date) : 0,
  }
}

function purchaseTaxRate(costs: Costs, name: string, date: IsoDate): number {
  const schedule = costs.purchaseTaxes[name]
  if (schedule === undefined) assert.fail(`no purchase tax schedule ${name}`)
  let rate = 0
  for (const step of schedule) if (step.from <= date) rate = fromBps(step.bps)
  return rate
}

/** Sum of all costs of a fill worth `value` at the mid price, base currency. */
export function totalCost(value: number, rates: CostRates): number {
  return Math.max(rates.commissionMin, rates.commission * value) + (rates.spread + rates.fx + rates.tax) * value
}

/**
 * Costs of a fill by kind, base currency, unrounded; kinds at rate zero are left out.
 *
 * Example: a buy of EUR 1,000 of a French share in Paris, 5 bps with at least 1.25, half-spread 3 bps, tax 30 bps
 * -> { commission: 1.25, spread: 0.3, tax: 3 }
 */
export function fillCosts(value: number, rates: CostRates): FillCosts {
  const amounts = new Float64Array(costKinds.length)
  writeCosts(value, rates, amounts, 0)
  return costsOf(amounts, 0)
}

/**
 * The same as numbers in the order of `costKinds`, 0 for a kind that does not apply, written to `into` from place `at` on.
 *
 * @returns their sum
 */
export function writeCosts(value: number, rates: CostRates, into: Float64Array, at: number): number {
  const commission = Math.max(rates.commissionMin, rates.commission * value)
  const spread = rates.spread * value
  const fx = rates.fx * value
  const tax = rates.tax * value
  into[at] = commission
  into[at + 1] = spread
  into[at + 2] = fx
  into[at + 3] = tax
  into[at + 4] = 0
  into[at + 5] = 0
  return commission + spread + fx + tax
}

/** Amounts that `writeCosts` wrote, by kind. There is always a commission, if only of nothing. */
export function costsOf(amounts: Float64Array, at: number): FillCosts {
  const costs: FillCosts = { commission: amounts[at]! }
  for (let kind = 1; kind < costKinds.length; kind++) {
    if (amounts[at + kind]! > 0) costs[costKinds[kind]!] = amounts[at + kind]!
  }
  return costs
}

/**
 * Shares that an amount of cash buys, costs included: the largest multiple of `step` whose value and costs the amount pays.
 *
 * @param amount base currency, all in
 * @param unitValue price of one share in the base currency at the mid rate
 * Example: 1000, unitValue 10, step 0.0001, half-spread 1 bp, commission 5 bps at least 1.25
 *   -> value (1000 - 1.25) / 1.0001 = 998.6501, quantity 99.865
 */
export function buyQuantity(amount: number, unitValue: number, step: number, rates: CostRates): number {
  const proportional = 1 + rates.spread + rates.fx + rates.tax
  let value = amount / (proportional + rates.commission)
  if (value * rates.commission < rates.commissionMin) value = (amount - rates.commissionMin) / proportional
  if (!(value > 0)) return 0
  const perShare = stepsPerShare(step)
  let steps = Math.floor(value / unitValue / step + 1e-9)
  while (steps > 0 && !isPaidBy(amount, shares(steps, step, perShare) * unitValue, rates)) steps--
  while (isPaidBy(amount, shares(steps + 1, step, perShare) * unitValue, rates)) steps++
  return shares(steps, step, perShare)
}

function isPaidBy(amount: number, worth: number, rates: CostRates): boolean {
  return worth + totalCost(worth, rates) <= amount + 1e-9
}

/** Steps that make one share, 0 when no whole number of them does. */
function stepsPerShare(step: number): number {
  const perShare = Math.round(1 / step)
  return Math.abs(perShare * step - 1) < 1e-12 ? perShare : 0
}

/** A whole number of steps as shares, without the noise of multiplying by 0.0001. */
function shares(count: number, step: number, perShare: number): number {
  return perShare > 0 ? count / perShare : count * step
}

/** A quantity rounded down to whole steps. Example: floorToStep(1.23456, 0.0001) -> 1.2345 */
export function floorToStep(quantity: number, step: number): number {
  return shares(Math.floor(quantity / step + 1e-9), step, stepsPerShare(step))
}

/** A quantity without the noise of adding floats: twelve significant decimals are far below any step. */
export function tidyQuantity(quantity: number): number {
  return quantity < 1e5 ? Math.round(quantity * 1e10) / 1e10 : quantity
}

/** Costs summed by kind. */
export function addCosts(total: FillCosts, more: FillCosts): FillCosts {
  const sum = { ...total }
  for (const kind of costKinds) {
    const amount = more[kind]
    if (amount !== undefined) sum[kind] = (sum[kind] ?? 0) + amount
  }
  return sum
}

/** All kinds of costs in one number, base currency. */
export function sumCosts(costs: FillCosts): number {
  const { commission = 0, spread = 0, fx = 0, tax = 0, impact = 0, fee = 0 } = costs
  return commission + spread + fx + tax + impact + fee
}
