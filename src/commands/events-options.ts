import { type NormalModel, normalModels } from '../statistics/event-study.ts'
import type { Faults } from './signal-file.ts'
import { wholeNumbers } from './signal-market.ts'

export type EventsOptions = {
  /** CSV file `date,asset[,group]`, or - for stdin. */
  readonly events: string
  readonly market: string
  /** Needed by every model but `price`. */
  readonly benchmark?: string
  /** First and last day around the event: `-5,20`. */
  readonly window: string
  /** Returns to estimate from, and sessions between their end and the event window; `120,20` unless given. */
  readonly estimation?: string
  /** `market` unless given; `price` shows prices around events as they are. */
  readonly model?: string
  /** Average the events of one date first. */
  readonly meanByDate?: boolean
  /** With `price`: subtract the mean path of the events of the same date. */
  readonly demean?: boolean
  /** Of the bootstrap; 1 unless given. */
  readonly seed?: string
  readonly base?: string
  readonly snap?: boolean
  /** Folder for events.html and events.json. */
  readonly report?: string
}

export type EventsRead = {
  readonly model: NormalModel | 'price'
  readonly first: number
  readonly last: number
  readonly length: number
  readonly gap: number
  readonly byDate: boolean
  readonly seed: number
}
/** The options as numbers; whatever is wrong with them goes to the faults. */
export function readEventsOptions(options: EventsOptions, faults: Faults): EventsRead {
  const pair = (name: string, text: string, limits: { min: number; max: number }): readonly [number, number] => {
    try {
      const [one, other, ...rest] = wholeNumbers(name, text, limits)
      if (one !== undefined && other !== undefined && rest.length === 0) return [one, other]
      faults.add(`${name} ${JSON.stringify(text)}: write two whole numbers with a comma between`)
    } catch (error) {
      faults.take(error)
    }
    return [0, 1]
  }
  const [first, last] = pair('--window', options.window, { min: -1000, max: 1000 })
  if (first > last) faults.add(`--window ${options.window} ends before it begins; write the first day, then the last`)
  const [length, gap] = pair('--estimation', options.estimation ?? '120,20', { min: 0, max: 2520 })
  const model = options.model ?? 'market'
  const known = [...normalModels, 'price'] as const
  const found = known.find((candidate) => candidate === model)
  if (found === undefined) faults.add(`--model ${JSON.stringify(model)}: write ${known.join(', ')}`)
  if (found !== 'price') {
    if (length < 10) faults.add(`--estimation ${options.estimation}: a model needs at least 10 returns`)
    if (options.benchmark === undefined) faults.add('--benchmark is missing; name a symbol of the market, such as SPY')
    if (options.demean === true)
      faults.add('--demean belongs to --model price; abnormal returns have the market taken out already')
  }
  const seed = options.seed ?? '1'
  if (!/^\d{1,15}$/.test(seed)) faults.add(`--seed ${JSON.stringify(seed)}: write a whole number`)
  return { model: found ?? 'market', first, last, length, gap, byDate: options.meanByDate === true, seed: Number(seed) }
}
