import { z } from 'zod'
import { InputError } from '../errors.ts'
import { usualBlocks } from '../statistics/candidates.ts'
import { combinations } from '../statistics/folds.ts'
import { moments } from '../statistics/moments.ts'
import type { StatsInput } from '../statistics/stats.ts'
import type { PublishedMoments } from '../statistics/stats-of-moments.ts'
import { firstFaults, type Given, jsonObject, sentencesOf } from './json-input.ts'
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

const Moments = z
  .strictObject(
    {
      n: whole.refine((value) => value >= 4, {
        error: (issue) => `must be 4 or more, got ${shown(issue.input)}`,
      }),
      sharpePerPeriod: number,
      skewness: number,
      excessKurtosis: number,
    },
    { error: (issue) => `must be {n, sharpePerPeriod, skewness, excessKurtosis}, got ${shown(issue.input)}` },
  )
  .refine(({ skewness, excessKurtosis }) => excessKurtosis + 3 >= 1 + skewness ** 2 - 1e-9, {
    error:
      'have a kurtosis that no sample of that skewness has: excessKurtosis is at least skewness^2 - 2 (0 for a normal)',
  })

const Input = z.strictObject({
  returns: returns.optional(),
  moments: Moments.optional(),
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
  candidates: z
    .record(z.string(), returns, { error: (issue) => `must be {NAME: returns}, got ${shown(issue.input)}` })
    .optional(),
  candidateBlocks: whole
    .refine((value) => value >= 2 && value <= 20 && value % 2 === 0, {
      error: (issue) => `must be an even number from 2 to 20, got ${shown(issue.input)}`,
    })
    .optional(),
  seed: whole.optional(),
})

/** Candidates times ways to cut the record in two: some ten seconds of work. */
const cutsMost = 100_000_000

/** Returns, or only their moments. */
export type StatsQuestion =
  | ({ readonly moments?: undefined } & StatsInput)
  | ({ readonly moments: PublishedMoments } & Omit<StatsInput, 'returns' | 'benchmark' | 'candidates'>)

/** Reads JSON or CSV, whichever the text is, and lists all that is wrong with it. */
export function parseStatsInput({ name, text }: InputText, options: StatsOptions = {}): StatsQuestion {
  const faults: string[] = []
  if (text.trim() === '') throw new InputError(`${name} is empty; it must hold JSON with returns, or CSV`)
  const given = /^\s*[[{]/.test(text)
    ? jsonObject(name, text, '{"returns": [0.01, -0.02]}', faults)
    : parseReturnsCsv(name, text, faults)
  if (given === null) throw new InputError(faults)
  const result = Input.safeParse({ ...given, ...fromOptions(options) })
  const further = result.success
    ? []
    : [
        ...sentencesOf(result.error, {
          '': Object.keys(Input.shape),
          trials: ['count', 'sharpeVariance'],
          moments: ['n', 'sharpePerPeriod', 'skewness', 'excessKurtosis'],
        }),
      ]
  if (result.success && faults.length === 0) further.push(...faultsOfSample(result.data))
  const all = [...faults, ...faultsOfShape(given), ...further]
  if (all.length > 0 || !result.success) throw new InputError(firstFaults(all))
  const { returns: series, moments: published, ...rest } = result.data
  if (published === undefined) return { ...rest, returns: series! }
  const { benchmark: _, candidates: __, ...convention } = rest
  return { ...convention, moments: published }
}

/** What only the whole sample shows: too few, or no spread. */
function faultsOfSample({ returns }: z.infer<typeof Input>): string[] {
  if (returns === undefined) return []
  if (returns.length === 0) return ['returns is empty; statistics need at least 2 returns']
  if (returns.length === 1) return ['returns has a single value; statistics need at least 2 returns']
  if (moments(returns).varies) return []
  return [`returns are all ${shown(returns[0])}; a series that never varies has no risk to measure`]
}

/** What is missing, too much, or of unequal length. */
function faultsOfShape({ returns, moments: published, benchmark, candidates, candidateBlocks }: Given): string[] {
  const faults: string[] = []
  if (returns === undefined && published === undefined)
    faults.push('returns must be a list of numbers, one return per period, got nothing')
  if (published !== undefined) {
    for (const [name, value] of Object.entries({ returns, benchmark, candidates }))
      if (value !== undefined) faults.push(`${name} and moments exclude each other: moments stand in for the returns`)
    return faults
  }
  const periods = Array.isArray(returns) ? returns.length : null
  if (periods !== null && Array.isArray(benchmark) && benchmark.length !== periods)
    faults.push(`benchmark has length ${benchmark.length} but returns has ${periods}; give one for each period`)
  if (candidateBlocks !== undefined && candidates === undefined)
    faults.push('candidateBlocks cuts the records of candidates, and there are none')
  if (typeof candidates !== 'object' || candidates === null || Array.isArray(candidates)) return faults
  const named = Object.entries(candidates)
  if (named.length < 2)
    faults.push(`candidates has ${named.length} record${named.length === 1 ? '' : 's'}; a choice needs at least 2`)
  for (const [name, values] of named) {
    if (periods !== null && Array.isArray(values) && values.length !== periods)
      faults.push(`candidates.${name} has length ${values.length} but returns has ${periods}; give one for each period`)
  }
  const blocks = typeof candidateBlocks === 'number' ? candidateBlocks : usualBlocks
  const cuts = blocks >= 2 && blocks <= 20 ? named.length * combinations(blocks, blocks / 2) : 0
  if (cuts > cutsMost)
    faults.push(`${named.length} candidates in ${blocks} blocks take ${cuts} comparisons; give fewer candidateBlocks`)
  return faults
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
