import type { Column, Panel } from '../market/panel.ts'
import { type CostRates, costsOf, writeCosts } from './costs.ts'
import { costKinds, type Fill, type FillCosts, Order } from './holdings.ts'

/**
 * So many fills with each field in an array of its own. As objects they are a dozen boxed numbers each, which the garbage
 * collector copies twice and marks again and again; typed arrays it leaves alone.
 */
type Block = {
  readonly orderId: string[]
  /** Index in `reasons`. */
  readonly reason: Uint8Array
  /** Index in the panel's columns. */
  readonly column: Uint32Array
  readonly session: Int32Array
  /** Shares, positive when bought. */
  readonly quantity: Float64Array
  readonly price: Float64Array
  readonly rate: Float64Array
  readonly cashChangeCents: Float64Array
  /** What a buy that cash could not pay in full wanted to spend, 0 for others. */
  readonly wantedCents: Float64Array
  /** An amount for each of `costKinds`, fill after fill. */
  readonly costs: Float64Array
  /** Profit of a sell, asset and currency, fill after fill. */
  readonly realized: Float64Array
}

const kinds = costKinds.length
const reasons = Order.shape.reason.options

function emptyBlock(size: number): Block {
  return {
    orderId: [],
    reason: new Uint8Array(size),
    column: new Uint32Array(size),
    session: new Int32Array(size),
    quantity: new Float64Array(size),
    price: new Float64Array(size),
    rate: new Float64Array(size),
    cashChangeCents: new Float64Array(size),
    wantedCents: new Float64Array(size),
    costs: new Float64Array(size * kinds),
    realized: new Float64Array(size * 2),
  }
}

/**
 * Fills over one panel, oldest first, kept as columns and made into `Fill`s only for who reads them: a backtest makes
 * hundreds of thousands, of which mostly sums are wanted.
 */
export class FillLedger {
  readonly #panel: Panel
  readonly #blockSize: number
  readonly #blocks: Block[] = []
  /** Fills that came as objects, by their place. */
  readonly #whole = new Map<number, Fill>()
  #size = 0
  /** Where the next fill goes. */
  #block: Block | null = null
  #row = 0

  /** @param blockSize fills for which space is made at a time: few for a day, many for a backtest */
  constructor(panel: Panel, blockSize: number) {
    this.#panel = panel
    this.#blockSize = blockSize
  }

  get size(): number {
    return this.#size
  }

  /**
   * Charges the fill that is added next, if one is: the costs of a value at these rates.
   *
   * @returns their sum, base currency, unrounded
   */
  charge(value: number, rates: CostRates): number {
    const block = this.#blockWithSpace()
    return writeCosts(value, rates, block.costs, this.#row * kinds)
  }

  /** Adds an order filled at the official open of a session, at the costs charged last. A sell follows with `realize`. */
  add(order: Order, column: Column, session: number, quantity: number, cashChangeCents: number, wantedCents = 0): void {
    const block = this.#block!
    const row = this.#row
    block.orderId[row] = order.id
    block.reason[row] = reasons.indexOf(order.reason)
    block.column[row] = column.index
    block.session[row] = session
    block.quantity[row] = quantity
    block.price[row] = column.open[session]!
    block.rate[row] = column.rate[session]!
    block.cashChangeCents[row] = cashChangeCents
    block.wantedCents[row] = wantedCents
    this.#row = row + 1
    this.#size += 1
  }

  /** Adds a fill as it is, for the few that are no order filled at an open. */
  push(fill: Fill): void {
    const block = this.#blockWithSpace()
    const row = this.#row
    block.quantity[row] = fill.quantity
    block.price[row] = fill.price
    block.rate[row] = fill.rate
    for (let kind = 0; kind < kinds; kind++) block.costs[row * kinds + kind] = fill.costs[costKinds[kind]!] ?? 0
    this.#whole.set(this.#size, fill)
    this.#row = row + 1
    this.#size += 1
  }

  /** The profit of the sell added last, base currency, in two parts. */
  realize(asset: number, currency: number): void {
    const { realized } = this.#block!
    realized[this.#row * 2 - 2] = asset
    realized[this.#row * 2 - 1] = currency
  }

  /** Forgets all fills and keeps the space. */
  clear(): void {
    this.#size = 0
    this.#row = 0
    this.#whole.clear()
    this.#block = this.#blocks[0] ?? null
    this.#blocks.length = Math.min(1, this.#blocks.length)
  }

  /** Absolute value traded from the fill at `start` to the last one, base currency. */
  tradedSince(start: number): number {
    let traded = 0
    for (let index = start; index < this.#size; index++) {
      const { quantity, price, rate } = this.#blockOf(index)
      const row = index % this.#blockSize
      traded += Math.abs(quantity[row]! * price[row]! * rate[row]!)
    }
    return traded
  }

  /** All costs by kind, base currency; a kind that no fill bears is absent. */
  costs(): FillCosts {
    const total = new Float64Array(kinds)
    for (const [index, block] of this.#blocks.entries()) {
      const end = kinds * Math.min(this.#blockSize, this.#size - index * this.#blockSize)
      for (let at = 0; at < end; at += kinds) {
        for (let kind = 0; kind < kinds; kind++) total[kind]! += block.costs[at + kind]!
      }
    }
    const costs: FillCosts = {}
    for (let kind = 0; kind < kinds; kind++) if (total[kind]! > 0) costs[costKinds[kind]!] = total[kind]!
    return costs
  }

  /** The fills that came by `push`, oldest first. */
  pushed(): Iterable<Fill> {
    return this.#whole.values()
  }

  /** Calls `make` with each fill, oldest first. */
  map<T>(make: (fill: Fill) => T): T[] {
    const made = new Array<T>(this.#size)
    for (let index = 0; index < this.#size; index++) made[index] = make(this.#fillAt(index))
    return made
  }

  toArray(): Fill[] {
    return this.map((fill) => fill)
  }

  #blockOf(index: number): Block {
    return this.#blocks[Math.floor(index / this.#blockSize)]!
  }

  #fillAt(index: number): Fill {
    const whole = this.#whole.get(index)
    if (whole !== undefined) return whole
    const block = this.#blockOf(index)
    const row = index % this.#blockSize
    const { symbol, currency } = this.#panel.columns[block.column[row]!]!
    const quantity = block.quantity[row]!
    const common = {
      orderId: block.orderId[row]!,
      date: this.#panel.sessions[block.session[row]!]!,
      symbol,
      quantity,
      price: block.price[row]!,
      currency,
      rate: block.rate[row]!,
      costs: costsOf(block.costs, row * kinds),
      cashChangeCents: block.cashChangeCents[row]!,
    }
    const reason = reasons[block.reason[row]!]!
    if (quantity < 0) {
      const realized = { asset: block.realized[row * 2]!, currency: block.realized[row * 2 + 1]! }
      return { ...common, realized, reason }
    }
    const wantedCents = block.wantedCents[row]!
    return wantedCents === 0 ? { ...common, reason } : { ...common, reason, wantedCents }
  }

  #blockWithSpace(): Block {
    if (this.#block === null || this.#row === this.#blockSize) {
      this.#block = emptyBlock(this.#blockSize)
      this.#blocks.push(this.#block)
      this.#row = 0
    }
    return this.#block
  }
}
