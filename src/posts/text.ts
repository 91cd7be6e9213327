import type { Currency } from '../units.ts'

/** How an amount or a name is meant to be read: numbers are formatted here and nowhere else in the posts. */

/**
 * A fraction as a signed percentage with one decimal.
 *
 * Example: signedPercent(0.0213) -> '+2.1 %', signedPercent(-0.0531) -> '-5.3 %', signedPercent(-0.0001) -> '0.0 %'
 */
export function signedPercent(fraction: number): string {
  const digits = fixed(fraction * 100, 1)
  return `${digits.startsWith('-') || digits === '0.0' ? '' : '+'}${digits} %`
}

/** A fraction as a percentage without sign, a trailing `.0` left out. Example: percent(0.25) -> '25 %', percent(0.1234) -> '12.3 %' */
export function percent(fraction: number): string {
  return `${fixed(fraction * 100, 1).replace(/\.0$/, '')} %`
}

/** Whole units of a currency from cents. Example: money('EUR', 1021349) -> 'EUR 10,213' */
export function money(currency: Currency, amountCents: number): string {
  return `${currency} ${fixed(amountCents / 100, 0)}`
}

/** Cents kept. Example: exactMoney('EUR', 431) -> 'EUR 4.31' */
export function exactMoney(currency: Currency, amountCents: number): string {
  return `${currency} ${fixed(amountCents / 100, 2)}`
}

/** A gain or a loss in cents, with its sign. Example: signedMoney('EUR', -6410) -> 'EUR -64.10' */
export function signedMoney(currency: Currency, amountCents: number): string {
  return `${currency} ${signed(amountCents / 100, 2)}`
}

/** A number with its sign. Example: signed(31.2, 2) -> '+31.20' */
export function signed(value: number, decimals: number): string {
  const digits = fixed(value, decimals)
  return /[1-9]/.test(digits) && !digits.startsWith('-') ? `+${digits}` : digits
}

/** A price in its own currency: two decimals, four significant digits below one. Example: price('USD', 168.214) -> 'USD 168.21' */
export function price(currency: Currency, value: number): string {
  if (value >= 1 || value <= 0) return `${currency} ${fixed(value, 2)}`
  return `${currency} ${Number(value.toPrecision(4))}`
}

/** A number of shares, at most four decimals. Example: shares(6.50120) -> '6.5012' */
export function shares(value: number): string {
  const digits = fixed(Math.abs(value), 4)
  return digits.replace(/\.?0+$/, '')
}

/** Example: count(1, 'trade') -> '1 trade', count(3, 'trade') -> '3 trades' */
export function count(value: number, singular: string, plural = `${singular}s`): string {
  return `${fixed(value, 0)} ${value === 1 ? singular : plural}`
}

/** Example: sentence('no evidence of skill yet') -> 'No evidence of skill yet.' */
export function sentence(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') return ''
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`
}

/** Example: clause('The answer was cut off.') -> 'the answer was cut off', to follow a colon. */
export function clause(text: string): string {
  const trimmed = text.trim().replace(/[.\s]+$/, '')
  // Only a word such as 'The' is lowered; 'HTTP' and 'LVMH' keep their capitals.
  return /^[A-Z][a-z]* /.test(trimmed) ? trimmed.charAt(0).toLowerCase() + trimmed.slice(1) : trimmed
}

/** Decimals fixed, thousands grouped, halves away from zero, never '-0'. */
export function fixed(value: number, decimals: number): string {
  const scale = 10 ** decimals
  const size = Math.abs(value)
  // Beyond this a double holds no cents any more, and grouping digits would pretend that it does.
  if (size >= 1e15) return value.toExponential(3)
  const rounded = Math.round(size * scale * (1 + 1e-12)) / scale
  const [whole, rest] = rounded.toFixed(decimals).split('.')
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${value < 0 && rounded > 0 ? '-' : ''}${grouped}${rest === undefined ? '' : `.${rest}`}`
}
