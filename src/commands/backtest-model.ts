import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import canonicalize from 'canonicalize'
import { modelParameters, withRegistry } from '../../jobs/trials.ts'
import { openAnswerCache } from '../adapters/answer-cache.ts'
import { openSpending } from '../adapters/spending.ts'
import type { Config } from '../config.ts'
import { answerJsonSchema, parseAnswer } from '../decision/answer.ts'
import { maskSnapshot } from '../decision/masking.ts'
import type { Reply } from '../decision/policy.ts'
import { promptSha256, renderPrompt } from '../decision/prompt.ts'
import type { Snapshot } from '../decision/snapshot.ts'
import { ConfigError, ModelError } from '../errors.ts'
import { openModelOf } from '../open-context.ts'
import { randomFrom } from '../random.ts'
import type { IsoDate } from '../units.ts'
import { type AnswerStability, type Repetition, stabilityOf } from './answer-stability.ts'

/** Outcomes that the same question would have again; what the network did is not among them. */
const lasting = new Set(['invalid', 'refused', 'truncated', 'filtered'])

export type ModelInBacktest = {
  readonly reply: (snapshot: Snapshot) => Promise<Reply>
  readonly promptSha256: string
  readonly model: string
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>
  /** Null unless questions were to be repeated. */
  readonly stability: () => AnswerStability | null
  readonly asked: () => { readonly calls: number; readonly fromCache: number; readonly costUsd: number }
}

/**
 * The model as a backtest asks it: each question once, answers kept by the hash of all that was sent. A question that finds no
 * answer for want of budget or of a server stops the backtest, since a made-up day would be worse than none.
 *
 * @param options masked: hide tickers, names, dates and price levels, so that the model cannot remember the past; repeat:
 *   put the question more than once on some dates, of which the first answer decides
 */
export async function openModelForBacktest(
  config: Config,
  options: {
    readonly masked: boolean
    readonly symbols: readonly string[]
    readonly promptFile?: string
    readonly repeat?: Repetition
  },
): Promise<ModelInBacktest> {
  if (config.model === null) {
    throw new ConfigError(
      'the policy model needs a model: set OPENAI_API_KEY, or OPENAI_BASE_URL of a compatible server, and LLM_MODEL',
    )
  }
  const settings = config.model
  // Before anything is asked and paid for: the trial must find room in the journal that the published heads speak of.
  await withRegistry(config, async () => {})
  const spending = openSpending(config.home)
  const model = (await openModelOf(config, spending))!
  const cache = openAnswerCache(join(config.home, 'cache', 'answers'))
  const template = readFileSync(
    options.promptFile ?? fileURLToPath(new URL('../../prompts/allocator.md', import.meta.url)),
    'utf8',
  )
  const random = randomFrom('mask', ...options.symbols)
  const order = options.symbols
    .map((symbol) => ({ symbol, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ symbol }) => symbol)
  const shiftWeeks = 300 + Math.floor(random() * 400)
  const parameters = modelParameters(settings, options)
  const asked = { model: settings.name, baseUrl: settings.baseUrl, ...parameters }
  let calls = 0
  let fromCache = 0
  let costUsd = 0
  const answers = new Map<IsoDate, readonly Reply[]>()
  const reply = async (snapshot: Snapshot): Promise<Reply> => {
    const first = await answerTo(snapshot, 0)
    const { repeat } = options
    if (repeat?.dates.has(snapshot.date) !== true) return first
    const all = [first]
    while (all.length < repeat.calls) all.push(await answerTo(snapshot, all.length))
    answers.set(snapshot.date, all)
    return first
  }
  const answerTo = async (snapshot: Snapshot, repetition: number): Promise<Reply> => {
    const masked = options.masked
      ? maskSnapshot(snapshot, { shiftWeeks, order })
      : { snapshot, symbolOf: (symbol: string) => symbol }
    const { messages } = renderPrompt(template, masked.snapshot)
    const key = createHash('sha256')
      .update(canonicalize({ ...asked, messages, ...(repetition > 0 && { repetition }) })!)
      .digest('hex')
    const known = cache.read(key)
    if (known !== null) {
      fromCache++
      return unmasked(known, masked.symbolOf)
    }
    const today = new Date().toISOString().slice(0, 10)
    const answer = await model.ask({
      messages,
      schemaName: 'decision',
      jsonSchema: answerJsonSchema,
      parse: parseAnswer,
      date: snapshot.date,
      spentTodayUsd: spending.on(today),
      record: async (attempt) => {
        calls++
        costUsd += attempt.costUsd
        spending.add(today, attempt.costUsd)
      },
    })
    const last = answer.attempts.at(-1)?.outcome
    if (answer.kind === 'none' && (last === undefined || !lasting.has(last))) {
      throw new ModelError(
        `no answer for ${snapshot.date}: ${answer.because}; what was answered so far is kept, so the same command goes on from there`,
        { retryable: true },
      )
    }
    const kept: Reply =
      answer.kind === 'none'
        ? { kind: 'none', because: answer.because }
        : { kind: 'answer', actions: answer.answer.actions, summary: answer.answer.summary }
    await cache.write(key, kept)
    return unmasked(kept, masked.symbolOf)
  }
  return {
    reply,
    promptSha256: promptSha256(template),
    model: settings.name,
    parameters,
    stability: () => (options.repeat === undefined ? null : stabilityOf(options.repeat.calls, answers)),
    asked: () => ({ calls, fromCache, costUsd }),
  }
}

function unmasked(reply: Reply, symbolOf: (alias: string) => string): Reply {
  if (reply.kind === 'none') return reply
  return { ...reply, actions: reply.actions.map((action) => ({ ...action, symbol: symbolOf(action.symbol) })) }
}
