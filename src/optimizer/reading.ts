import { z } from 'zod'

/** Faults found so far, one sentence each. At most `mostFaults` are kept; the last line then says that more follow. */
export type Faults = string[]

const mostFaults = 50

/** A finite number. JSON carries no NaN, but a string that says so may come. */
export const amount = z.number({ error: (issue) => `must be a finite number, got ${shown(issue.input)}` })

export function fault(faults: Faults, sentence: string): void {
  if (faults.length < mostFaults) faults.push(sentence)
  else if (faults.length === mostFaults) faults.push(`more faults follow; these are the first ${mostFaults}`)
}

/** Whether more faults would only be counted: a loop over a large matrix may stop. */
export function full(faults: Faults): boolean {
  return faults.length > mostFaults
}

/** A value from outside, short enough for a message. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 40 ? `${text.slice(0, 37)}...` : text
}

/** The value if the schema takes it, else undefined and its faults noted under `name`. */
export function readField<T extends z.ZodType>(
  faults: Faults,
  name: string,
  schema: T,
  raw: unknown,
): z.infer<T> | undefined {
  const result = schema.safeParse(raw)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
    fault(faults, `${name}${path} ${issue.message.replace(/^Invalid \w+: /, '')}`)
  }
  return undefined
}

export function refuseUnknownKeys(
  faults: Faults,
  raw: Readonly<Record<string, unknown>>,
  known: readonly string[],
  where: string,
): void {
  for (const key of Object.keys(raw)) {
    if (!known.includes(key)) fault(faults, `${where}${shown(key)} is not a known key; known are ${known.join(', ')}`)
  }
}

type VectorOptions = {
  /** Value of assets that a map leaves out; without it every asset must be there. */
  readonly missing?: number
  /** One plain number stands for every asset. */
  readonly scalar?: boolean
  /** What null means; without it null is a fault. */
  readonly none?: number
}

/** One number per asset from a number, a list in the order of the assets, or a map from asset to number. */
export function readVector(
  faults: Faults,
  name: string,
  raw: unknown,
  assets: readonly string[],
  options: VectorOptions,
): Float64Array | undefined {
  const read = (where: string, value: unknown): number => {
    if (value === null && options.none !== undefined) return options.none
    return readField(faults, where, amount, value) ?? Number.NaN
  }
  if (options.scalar === true && (typeof raw === 'number' || raw === null)) {
    return new Float64Array(assets.length).fill(read(name, raw))
  }
  if (Array.isArray(raw) || raw instanceof Float64Array) {
    if (raw.length !== assets.length) {
      fault(faults, `${name} has ${raw.length} values but there are ${assets.length} assets`)
      return undefined
    }
    return Float64Array.from(raw as ArrayLike<unknown>, (value, index) => read(`${name}[${index}]`, value))
  }
  if (typeof raw !== 'object' || raw === null) {
    const scalar = options.scalar === true ? 'a number for all assets, ' : ''
    fault(
      faults,
      `${name} must be ${scalar}a list in the order of assets, or a map from asset to number; got ${shown(raw)}`,
    )
    return undefined
  }
  return readMap(faults, name, raw as Readonly<Record<string, unknown>>, assets, options, read)
}

function readMap(
  faults: Faults,
  name: string,
  raw: Readonly<Record<string, unknown>>,
  assets: readonly string[],
  options: VectorOptions,
  read: (where: string, value: unknown) => number,
): Float64Array {
  const known = new Set(assets)
  for (const key of Object.keys(raw)) {
    if (!known.has(key)) fault(faults, `${name}: ${shown(key)} is not among the assets`)
  }
  return Float64Array.from(assets, (asset) => {
    if (Object.hasOwn(raw, asset)) return read(`${name}.${asset}`, raw[asset])
    if (options.missing !== undefined) return options.missing
    fault(faults, `${name} has no value for ${asset}`)
    return Number.NaN
  })
}
