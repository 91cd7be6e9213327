import { randomFrom } from '../random.ts'
import type { Exchange } from './bar.ts'
import type { FactorName } from './simulation-factors.ts'

/** How a simulated asset behaves. It follows from the symbol alone, not from the seed: gold is gold in every world. */
export type Profile = {
  readonly startPrice: number
  /** Log return per unit of the world's. */
  readonly worldBeta: number
  readonly region: FactorName
  readonly regionBeta: number
  /** Volatility of its own on a normal day, as a fraction. */
  readonly ownVolatility: number
  /** Growth of its own per year, as a fraction, before dividends are taken out. */
  readonly ownDriftPerYear: number
  /** Dividends of a year over the price. */
  readonly yield: number
  /** Months of the ex-dates, 1 to 12; each on this session of the month. */
  readonly dividendMonths: readonly number[]
  readonly dividendSession: number
  /** Shares in a normal day at the start price. */
  readonly volume: number
}

const quarterly = [3, 6, 9, 12]
type Known = Omit<Profile, 'region' | 'dividendSession'> & { readonly region?: FactorName }

function known(
  startPrice: number,
  [worldBeta, regionBeta]: readonly [number, number],
  ownVolatility: number,
  [yearlyYield, dividendMonths]: readonly [number, readonly number[]],
  more: { readonly ownDriftPerYear?: number; readonly region?: FactorName; readonly volume?: number } = {},
): Known {
  return {
    startPrice,
    worldBeta,
    regionBeta,
    ownVolatility,
    ownDriftPerYear: 0,
    yield: yearlyYield,
    dividendMonths,
    volume: 5e6,
    ...more,
  }
}

/** Funds and indices whose character every reader knows. */
const knownProfiles: Readonly<Record<string, Known>> = {
  SPY: known(205, [1, 1], 0.001, [0.018, quarterly], { volume: 9e7 }),
  QQQ: known(103, [1.15, 1.3], 0.004, [0.007, quarterly], { ownDriftPerYear: 0.02, volume: 4e7 }),
  GLD: known(114, [-0.05, 0], 0.008, [0, []], { ownDriftPerYear: 0.03, volume: 8e6 }),
  TLT: known(127, [-0.25, -0.2], 0.006, [0.028, quarterly], { ownDriftPerYear: 0.01, volume: 1e7 }),
  FEZ: known(37, [1.05, 1.1], 0.004, [0.028, quarterly], { region: 'europe', volume: 3e6 }),
  'CAC.PA': known(42, [1, 1.05], 0.001, [0.03, [12]], { volume: 2e5 }),
  '^FCHI': known(4250, [1, 1.05], 0.001, [0, []], { volume: 8e7 }),
  '^GSPC': known(2058, [1, 1], 0.001, [0, []], { volume: 3e9 }),
}

/** The profile of a symbol: a known one, or one drawn from the symbol. An index (`^...`) pays no dividends. */
export function profileOf(symbol: string, exchange: Exchange): Profile {
  const region = exchange === 'XNYS' ? 'america' : 'europe'
  const random = randomFrom('simulation', 'profile', symbol)
  const between = (low: number, high: number) => low + (high - low) * random()
  const dividendSession = 9 + Math.floor(5 * random())
  const isIndex = symbol.startsWith('^')
  const startPrice = isIndex ? between(2000, 8000) : 25 * 10 ** between(0, 1)
  const drawn: Known = {
    startPrice,
    worldBeta: between(0.6, 1.3),
    regionBeta: between(0.6, 1.4),
    ownVolatility: isIndex ? 0.001 : between(0.008, 0.015),
    ownDriftPerYear: between(-0.01, 0.02),
    yield: isIndex ? 0 : between(0.005, 0.045),
    dividendMonths: exchange === 'XNYS' ? quarterly : random() < 0.6 ? [5] : [5, 11],
    volume: (1e8 / startPrice) * between(0.5, 2),
  }
  return {
    region,
    ...(Object.hasOwn(knownProfiles, symbol) ? knownProfiles[symbol] : drawn),
    dividendSession,
  } as Profile
}
