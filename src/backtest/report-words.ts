import { Info } from 'luxon'
import type { IsoDate } from '../units.ts'

/** How the report writes numbers, dates and policies. A fraction becomes a percentage here and nowhere else. */

/** What stands where there is nothing to say. */
export const dash = '–'

/** Spaces within a figure do not break. Example: percent(0.1234) -> '12.3 %', percent(null) -> '–' */
export function percent(fraction: number | null, digits = 1): string {
  return fraction === null ? dash : `${fixed(100 * fraction, digits)}\u00a0%`
}

/** Example: signedPercent(0.021) -> '+2.1 %', signedPercent(-0.0531) -> '−5.3 %', signedPercent(0.0001) -> '0.0 %' */
export function signedPercent(fraction: number | null, digits = 1): string {
  if (fraction === null) return dash
  const text = fixed(100 * fraction, digits)
  return `${/[1-9]/.test(text) && fraction > 0 ? '+' : ''}${text}\u00a0%`
}

/** The same without its sign of per cent, for a table that names the unit itself, or a difference in points. */
export function signedPoints(fraction: number | null, digits = 1): string {
  return signedPercent(fraction, digits).replace('\u00a0%', '')
}

/** Grouped, with a real minus sign, and never '−0'. Example: fixed(-1234.5, 2) -> '−1,234.50' */
export function fixed(value: number, digits: number): string {
  const text = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: 'negative',
  }).format(value)
  return text.replace('-', '−')
}

export function plain(value: number | null, digits = 2): string {
  return value === null ? dash : fixed(value, digits)
}

/** Example: money('EUR', 10213.494) -> 'EUR 10,213.49' */
export function money(currency: string, amount: number): string {
  return `${currency}\u00a0${fixed(amount, 2)}`
}

/** A price or a quantity: four decimals at most, and no zeros that say nothing. Example: 12.3400 -> '12.34' */
export function short(value: number): string {
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: value < 1 ? 6 : 4 }).format(value)
}

const months = Info.months('long', { locale: 'en' })
export const monthNames = months.map((name) => name.slice(0, 3))

/** Example: '2020-03-12' -> '12 March 2020' */
export function longDate(date: IsoDate): string {
  return `${Number(date.slice(8, 10))} ${months[Number(date.slice(5, 7)) - 1]} ${date.slice(0, 4)}`
}

/** Example: count(1, 'fill') -> '1 fill', count(1200, 'fill') -> '1,200 fills' */
export function count(value: number, singular: string, plural = `${singular}s`): string {
  return `${fixed(value, 0)} ${value === 1 ? singular : plural}`
}

/** Example: listed(['a', 'b', 'c']) -> 'a, b and c' */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** Who decided, in words. Example: 'random:7' -> 'The random control (seed 7)' */
export function policyWords(policy: string): string {
  const [kind, ...rest] = policy.split(':')
  const detail = rest.join(':')
  switch (kind) {
    case 'model':
      return 'The language model'
    case 'cvar':
      return 'The control that minimizes CVaR'
    case 'equal-weight':
      return 'The control of equal weights'
    case 'do-nothing':
      return 'The control that does nothing'
    case 'random':
      return `The random control (seed ${detail})`
    case 'buy-and-hold':
      return `The control that buys and holds ${detail}`
    default:
      return `The policy ${policy}`
  }
}

/** Example: threeDigits(0.2612) -> '0.261', threeDigits(123456) -> '1.2e+5' */
export function threeDigits(value: number | null): string {
  if (value === null) return dash
  return value >= 1000 ? value.toExponential(1) : value.toPrecision(3)
}

const costNames: Readonly<Record<string, string>> = {
  commission: 'Commission',
  spread: 'Half-spread',
  fx: 'Currency exchange',
  tax: 'Purchase tax',
  impact: 'Market impact',
  fee: 'Exchange fee',
}

export function costName(kind: string): string {
  return costNames[kind] ?? kind
}
