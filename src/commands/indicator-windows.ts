import { InputError } from '../errors.ts'
import { bollinger } from '../indicators/bollinger.ts'
import { rsi } from '../indicators/momentum.ts'
import { sma } from '../indicators/moving-average.ts'
import { adx, averageTrueRange, type HighLowClose } from '../indicators/trend.ts'
import { shown } from './returns-csv.ts'

/** Windows beside those of the contract, as they were typed: '5,10'; bands also '20:2.5'. */
export type WindowOptions = {
  readonly sma?: string
  readonly rsi?: string
  readonly bollinger?: string
  readonly adx?: string
  readonly atr?: string
}

/** An indicator of a chosen window: its values by session, NaN until the window is full. */
export type WindowColumn = {
  /** As the field is called: sma5, bollinger20x2.5. */
  readonly name: string
  /** Whether it is a price, which a later split rescales. */
  readonly isLevel: boolean
  readonly values: Float64Array | Readonly<Record<'lower' | 'middle' | 'upper' | 'percentB', Float64Array>>
}

const windowMost = 10_000

/** Columns for the windows asked for, from split-adjusted bars; none without options. */
export function windowColumns(options: WindowOptions, bars: HighLowClose): readonly WindowColumn[] {
  const faults: string[] = []
  const windows = (name: keyof WindowOptions, least: number) =>
    (options[name]?.split(',') ?? []).flatMap((typed) => {
      const [size = '', width, ...rest] = typed.trim().split(':')
      const deviations = width === undefined ? 2 : Number(width)
      const isBand = name === 'bollinger'
      const wrong =
        !/^\d{1,5}$/.test(size) ||
        Number(size) < least ||
        Number(size) > windowMost ||
        rest.length > 0 ||
        (width !== undefined && (!isBand || !/^\d+(\.\d+)?$/.test(width) || !(deviations > 0)))
      if (wrong) {
        const form = isBand ? 'windows such as 20 or 20:2.5' : 'windows such as 5 or 5,20'
        faults.push(`--${name} takes ${form}, from ${least} to ${windowMost} sessions, got ${shown(typed)}`)
        return []
      }
      return [{ size: Number(size), deviations, label: width === undefined ? size : `${size}x${width}` }]
    })
  const { close } = bars
  const columns: WindowColumn[] = [
    ...windows('sma', 1).map(({ size }) => ({ name: `sma${size}`, isLevel: true, values: sma(close, size) })),
    ...windows('rsi', 1).map(({ size }) => ({ name: `rsi${size}`, isLevel: false, values: rsi(close, size) })),
    ...windows('bollinger', 2).map(({ size, deviations, label }) => ({
      name: `bollinger${label}`,
      isLevel: true,
      values: bollinger(close, size, deviations),
    })),
    ...windows('adx', 2).map(({ size }) => ({ name: `adx${size}`, isLevel: false, values: adx(bars, size) })),
    ...windows('atr', 1).map(({ size }) => ({
      name: `atr${size}`,
      isLevel: true,
      values: averageTrueRange(bars, size),
    })),
  ]
  if (faults.length > 0) throw new InputError(faults)
  return columns
}

/**
 * Fields of one session.
 *
 * @param ratio later splits: price levels are multiplied back into the shares of their own date
 */
export function windowFields(
  columns: readonly WindowColumn[],
  index: number,
  ratio: number,
): Readonly<Record<string, unknown>> {
  const at = (values: Float64Array, by: number) => {
    const value = values[index]!
    return Number.isNaN(value) ? null : value * by
  }
  return Object.fromEntries(
    columns.map(({ name, isLevel, values }) => {
      const by = isLevel ? ratio : 1
      if (values instanceof Float64Array) return [name, at(values, by)]
      const { lower, middle, upper, percentB } = values
      return [name, { lower: at(lower, by), middle: at(middle, by), upper: at(upper, by), percentB: at(percentB, 1) }]
    }),
  )
}
