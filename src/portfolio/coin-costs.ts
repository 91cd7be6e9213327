import type { Liquidity } from '../market/liquidity.ts'

/** How orders of one coin are charged. */
export type CoinCharge = {
  /** Fraction of the value. */
  readonly takerFee: number
  readonly impactY: number
  /** No order above this part of the mean traded value a session. */
  readonly volumeShareMax: number
  /** Smallest quantity the exchange takes; null where it is not known. */
  readonly quantityStep: number | null
  /** Where it is not known, a lot is the power of ten that is worth at most this, base currency. */
  readonly lotValue: number
  readonly liquidity: Liquidity
}

/** What the costs of one fill rest on: the figures of the last close before its open, so that anybody can work them out again. */
export type FillLiquidity = {
  /** Mean traded value a session, base currency. */
  readonly volume: number
  /** Of one session, as a fraction. */
  readonly volatility: number
  readonly halfSpread: number
}

/** The figures known at an open, null when the coin has too little history to be charged. */
export function liquidityAtOpen({ liquidity }: CoinCharge, session: number): FillLiquidity | null {
  return liquidityAtClose(liquidity, session - 1)
}

/** The figures known at a close, null when there are none. */
export function liquidityAtClose(liquidity: Liquidity, session: number): FillLiquidity | null {
  const volume = liquidity.volume[session] ?? Number.NaN
  const volatility = liquidity.volatility[session] ?? Number.NaN
  const halfSpread = liquidity.halfSpread[session] ?? Number.NaN
  return volume > 0 && volatility >= 0 && halfSpread >= 0 ? { volume, volatility, halfSpread } : null
}

/**
 * Factor of the impact: an order of value v costs factor * v^1.5, that is v * y * volatility * sqrt(v / volume).
 *
 * Example: y 1, volatility 0.05, volume 1,000,000, order 10,000: 10,000 * 0.05 * sqrt(0.01) = 50, and 0.00005 * 10,000^1.5 = 50
 * Source: the square-root law, Almgren et al., Direct Estimation of Equity Market Impact, Risk 18(7), 2005; Toth et al.,
 * Physical Review X 1, 021006, 2011.
 */
export function impactFactor({ impactY }: CoinCharge, { volume, volatility }: FillLiquidity): number {
  return (impactY * volatility) / Math.sqrt(volume)
}

/**
 * The step of a coin's quantities: the exchange's own, else the power of ten that is worth at most `lotValue`.
 *
 * Example: lotValue 0.01, a coin at 0.00021 -> 10 (worth 0.0021); at 41,000 -> 0.0000001 (worth 0.0041)
 */
export function quantityStep({ quantityStep: own, lotValue }: CoinCharge, unitValue: number): number {
  return own ?? 10 ** Math.floor(Math.log10(lotValue / unitValue) + 1e-9)
}
