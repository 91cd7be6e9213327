import type { Parsed } from '../decision/answer.ts'
import { delayMs, failureReason, repairTurn, retryable, verdictOn } from '../decision/asking.ts'
import { costUsd, estimatedTokens, modelPrice } from '../decision/model-prices.ts'
import type { AttemptEntry } from '../journal/entry.ts'
import { callModel, type Facts, type ModelSettings, noFacts, type Question, type Reservation } from './model/call.ts'
import type { ModelDesk } from './model/desk.ts'

export type { ModelSettings }

export type ModelRequest<T> = Question & {
  readonly parse: (text: string) => Parsed<T>
  /** Trade date the attempts are recorded under. */
  readonly date: string
  /** Sum of `costUsd` over all attempts recorded on this UTC day, before this question. */
  readonly spentTodayUsd: number
  /** Attempts recorded for this date before, when a run is repeated: numbering goes on from there. */
  readonly attemptsBefore?: number
  /** One question of many: it waits its turn, as LLM_REQUESTS_PER_MINUTE has it. */
  readonly bulk?: boolean
  /** Called after each attempt, so that what was spent is on record even if the process dies during the next one. */
  readonly record?: (attempt: AttemptEntry) => Promise<void>
}

/** `because` ends a sentence such as "No decision today: the model's answer was cut off twice". */
export type ModelReply<T> =
  | { readonly kind: 'answer'; readonly answer: T; readonly attempts: readonly AttemptEntry[] }
  | { readonly kind: 'none'; readonly because: string; readonly attempts: readonly AttemptEntry[] }

export type Model = {
  readonly name: string
  readonly ask: <T>(request: ModelRequest<T>) => Promise<ModelReply<T>>
}

/** Clock and chance around the calls; tests pass their own. */
export type ModelWorld = {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly chance: () => number
}

const realWorld: ModelWorld = {
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  chance: Math.random,
}

const triesMost = 4
/** The one round of repair may use a try of its own. */
const triesMostWithRepair = 5

/**
 * A model behind any OpenAI-compatible server. `ask` never throws for what the server does: it retries what may pass, asks once
 * more after an answer that cannot be used, stays within the day's budget, and returns every attempt.
 *
 * @param desk where calls of all processes reserve what they may cost; without it only what was spent before counts
 */
export function openModel(settings: ModelSettings, world: ModelWorld = realWorld, desk?: ModelDesk): Model {
  return { name: settings.name, ask: (request) => ask(settings, request, world, desk) }
}

async function ask<T>(
  settings: ModelSettings,
  request: ModelRequest<T>,
  world: ModelWorld,
  desk: ModelDesk | undefined,
): Promise<ModelReply<T>> {
  const attempts: AttemptEntry[] = []
  const record = async (facts: Facts, outcome: AttemptEntry['outcome'], detail: string): Promise<void> => {
    const attempt = (request.attemptsBefore ?? 0) + attempts.length + 1
    const entry = { ...facts, date: request.date, attempt, model: settings.name, outcome, detail }
    attempts.push(entry)
    await request.record?.(entry)
  }
  const none = (because: string): ModelReply<T> => ({ kind: 'none', because, attempts })
  let messages = request.messages
  let unusable: 'cut off' | 'not valid' | null = null
  for (let tries = 1; ; tries++) {
    const spentUsd = attempts.reduce((sum, attempt) => sum + attempt.costUsd, request.spentTodayUsd)
    const question = { messages, schemaName: request.schemaName, jsonSchema: request.jsonSchema }
    const reservation = reservationFor(settings, question)
    // Turned this way round, a sum that is not a number refuses too.
    const isCovered = spentUsd + reservation.reservedUsd <= settings.dailyBudgetUsd
    const hold = isCovered ? await desk?.enter(reservation.reservedUsd, { bulk: request.bulk === true }) : undefined
    if (!isCovered || hold === null) {
      await record(noFacts(world.now()), 'budget', budgetDetail(settings, spentUsd, reservation))
      return none("today's budget for the model does not cover another call")
    }
    const called = await callModel(settings, question, reservation, world.now)
    if (called.kind === 'failure') {
      const { facts, failure, detail } = called
      await record(facts, failure.outcome, detail)
      hold?.leave()
      const most = unusable === null ? triesMost : triesMostWithRepair
      if (!retryable(failure) || tries >= most) return none(failureReason(failure, settings.timeoutMs))
      await world.sleep(delayMs(tries, world.chance(), failure.retryAfterMs))
      continue
    }
    const verdict = verdictOn(called.completion, request.parse)
    await record(called.facts, verdict.outcome, verdict.detail)
    hold?.leave()
    switch (verdict.outcome) {
      case 'accepted':
        return { kind: 'answer', answer: verdict.answer, attempts }
      case 'refused':
        return none('the model refused to answer')
      case 'filtered':
        return none("the provider's content filter withheld the model's answer")
    }
    const fault = verdict.outcome === 'truncated' ? 'cut off' : 'not valid'
    if (unusable !== null) {
      return none(`the model's answer was ${unusable === fault ? `${fault} twice` : `${unusable}, then ${fault}`}`)
    }
    unusable = fault
    messages = repairTurn(request.messages, { answer: called.completion.text, issues: verdict.issues })
  }
}

/** What the call may cost at most: the prompt, its schema included, and the longest answer allowed. */
function reservationFor(settings: ModelSettings, { messages, jsonSchema }: Question): Reservation {
  const price = modelPrice(settings.name, settings.price)
  const promptTokens = estimatedTokens(JSON.stringify([messages, jsonSchema]))
  return { price, promptTokens, reservedUsd: costUsd(price, { input: promptTokens, output: settings.maxTokens }) }
}

function budgetDetail(settings: ModelSettings, spentUsd: number, { reservedUsd }: Reservation): string {
  return (
    `USD ${spentUsd.toFixed(4)} of ${settings.dailyBudgetUsd} spent today, and one call may cost ${reservedUsd.toFixed(4)}: ` +
    'raise LLM_DAILY_BUDGET_USD or lower LLM_MAX_TOKENS'
  )
}
