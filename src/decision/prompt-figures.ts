import { plainText } from './plain-text.ts'

/** How figures and outside texts look in a prompt: rounded to what a decision can use, and never blank. */
const unknown = 'n/a'

/** Example: figure(1.2345, 2) -> '1.23' */
export function figure(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return unknown
  // A small loss must not turn into "-0.0".
  const rounded = value.toFixed(digits)
  return Number(rounded) === 0 ? (0).toFixed(digits) : rounded
}

/** A fraction as a percentage without its sign for "percent", for columns that name it. Example: percent(0.0123) -> '1.2' */
export function percent(fraction: number | null, digits = 1): string {
  return figure(fraction === null ? null : fraction * 100, digits)
}

/** The same with a plus sign for gains. Example: signedPercent(0.0123) -> '+1.2' */
export function signedPercent(fraction: number | null, digits = 1): string {
  const shown = percent(fraction, digits)
  return fraction !== null && fraction > 0 && Number(shown) !== 0 ? `+${shown}` : shown
}

/** A price with as many digits as matter. Example: price(0.012345) -> '0.01235', price(512.3) -> '512.30' */
export function price(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return unknown
  return Math.abs(value) >= 1 ? value.toFixed(2) : String(Number(value.toPrecision(4)))
}

/** Why an outside text is in quotes: the prompt says that quoted text is data. Inner quotes and angle brackets become harmless. */
export function quoted(text: string, most: number): string {
  return `"${harmless(text, most)}"`
}

/** A label from outside, such as an asset's name, as one cell of a table. */
export function harmless(text: string, most: number): string {
  return plainText(text.slice(0, 20 * most), most)
    .replaceAll('"', "'")
    .replace(/[<>|{}`#]/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
}

/** Rows under a line of column names, cells parted by bars; `empty` where there is no row. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return empty
  return [columns, ...rows].map((row) => row.join(' | ')).join('\n')
}
