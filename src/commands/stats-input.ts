import { z } from 'zod'
import { repeatedKey } from '../decision/json-keys.ts'
import { InputError } from '../errors.ts'
import { closest } from '../misspelling.ts'
import { moments } from '../statistics/moments.ts'
import type { StatsInput } from '../statistics/stats.ts'
import type { InputText } from './read-input.ts'
import { cellValue, parseReturnsCsv, shown } from './returns-csv.ts'

/** What the options of the command say over the file; texts as they were typed. */
export type StatsOptions = {
  readonly periodsPerYear?: string
  readonly riskFree?: string
  readonly confidence?: string
  readonly benchmarkSharpe?: string
  /** COUNT:VARIANCE */
  readonly trials?: string
  readonly seed?: string
}

const number = z.number({ error: (issue) => `must be a finite number, got ${shown(issue.input)}` })
/** Above this a fraction is no return but a price, or a percentage of one. */
const largestReturn = 1e6
const periodReturn = number
  .refine((value) => value >= -1, {
    error: (issue) => `is ${shown(issue.input)}, below -100 %: more than everything cannot be lost`,
  })
  .refine((value) => value <= largestReturn, {
    error: (issue) => `is ${shown(issue.input)}; returns are fractions, 0.01 for 1 %`,
  })
const returns = z.array(periodReturn, {
  error: (issue) => `must be a list of numbers, one return per period, got ${shown(issue.input)}`,
})
const above = (least: number, example: string) =>
  number.refine((value) => value > least, {
    error: (issue) => `must be above ${least}, for example ${example}, got ${shown(issue.input)}`,
  })
const notBelow = (least: number) =>
  number.refine((value) => value >= least, {
    error: (issue) => `must be ${least} or more, got ${shown(issue.input)}`,
  })
const whole = number.refine(Number.isSafeInteger, {
  error: (issue) => `must be a whole number, got ${shown(issue.input)}`,
})

const Input = z.strictObject({
  returns,
  benchmark: returns.optional(),
  periodsPerYear: above(0, '252').optional(),
  riskFreePerPeriod: above(-1, '0.0001').optional(),
  confidence: number
    .refine((value) => value > 0 && value < 1, {
      error: (issue) => `must lie between 0 and 1, for example 0.95, got ${shown(issue.input)}`,
    })
    .optional(),
  benchmarkSharpePerPeriod: number.optional(),
  trials: z
    .strictObject(
      {
        count: whole.refine((value) => value >= 1, {
          error: (issue) => `must be 1 or more, since this result is one trial itself, got ${shown(issue.input)}`,
        }),
        sharpeVariance: notBelow(0),
      },
      { error: (issue) => `must be {count, sharpeVariance}, got ${shown(issue.input)}` },
    )
    .optional(),
  seed: whole.optional(),
})

const faultsMost = 50

/** Fields as they came, not yet checked. */
type Given = Readonly<Record<string, unknown>>

/** Reads JSON or CSV, whichever the text is, and lists all that is wrong with it. */
export function parseStatsInput({ name, text }: InputText, options: StatsOptions = {}): StatsInput {
  const faults: string[] = []
  if (text.trim() === '') throw new InputError(`${name} is empty; it must hold JSON with returns, or CSV`)
  const given = /^\s*[[{]/.test(text) ? fromJson(name, text, faults) : parseReturnsCsv(name, text, faults)
  if (given === null) throw new InputError(faults)
  const result = Input.safeParse({ ...given, ...fromOptions(options) })
  const further = result.success ? [] : result.error.issues.flatMap(sentences)
  if (result.success && faults.length === 0) further.push(...faultsOfSample(result.data))
  const all = [...faults, ...faultsOfLengths(given), ...further]
  if (all.length > 0 || !result.success) throw new InputError(cut(all))
  return result.data
}

/** What only the whole sample shows: too few, or no spread. */
function faultsOfSample({ returns }: z.infer<typeof Input>): string[] {
  if (returns.length === 0) return ['returns is empty; statistics need at least 2 returns']
  if (returns.length === 1) return ['returns has a single value; statistics need at least 2 returns']
  if (moments(returns).varies) return []
  return [`returns are all ${shown(returns[0])}; a series that never varies has no risk to measure`]
}

function faultsOfLengths({ returns, benchmark }: Given): string[] {
  if (!Array.isArray(returns) || !Array.isArray(benchmark) || benchmark.length === returns.length) return []
  return [`benchmark has length ${benchmark.length} but returns has ${returns.length}; give one for each period`]
}

function sentences(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  const where = path.replace(/^\./, '')
  if (issue.code !== 'unrecognized_keys') return [`${where} ${issue.message}`.trim()]
  const known = Object.keys(where === 'trials' ? { count: 0, sharpeVariance: 0 } : Input.shape)
  return issue.keys.map((key) => {
    const meant = closest(key, known, 3)
    const hint = meant === null ? `known are ${known.join(', ')}` : `did you mean ${meant}?`
    return `${where === '' ? '' : `${where}.`}${shown(key)} is not a known key; ${hint}`
  })
}

function cut(faults: readonly string[]): readonly string[] {
  const more = faults.length - faultsMost
  return more > 0 ? [...faults.slice(0, faultsMost), `and ${more} more`] : faults
}

function fromJson(name: string, text: string, faults: string[]): Given | null {
  // Python writes NaN and Infinity into JSON. As texts they are refused one by one, with their place.
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  )
  let value: unknown
  try {
    value = JSON.parse(quoted)
  } catch (error) {
    faults.push(`${name} is not JSON: ${(error as Error).message}`)
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.push(`${name} must be an object such as {"returns": [0.01, -0.02]}, got a list`)
    return null
  }
  const twice = repeatedKey(quoted)
  if (twice !== null) faults.push(`${shown(twice)} is there twice; keep one`)
  return value as Given
}

function fromOptions(options: StatsOptions): Given {
  const [count = '', variance = '', ...rest] = options.trials?.split(':') ?? []
  const wrongTrials = rest.length > 0 || variance === ''
  const all = {
    periodsPerYear: options.periodsPerYear,
    riskFreePerPeriod: options.riskFree,
    confidence: options.confidence,
    benchmarkSharpePerPeriod: options.benchmarkSharpe,
    seed: options.seed,
  }
  const given = Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, cellValue(value)]]))
  return {
    ...Object.fromEntries(given),
    ...(options.trials !== undefined && {
      trials: wrongTrials ? options.trials : { count: cellValue(count), sharpeVariance: cellValue(variance) },
    }),
  }
}
