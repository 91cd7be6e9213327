import type OpenAI from 'openai'
import { z } from 'zod'
import { brief, type ChatMessage, type Completion, type Failure } from '../../decision/asking.ts'
import { costUsd, estimatedTokens, type ModelPrice } from '../../decision/model-prices.ts'
import type { AttemptEntry } from '../../journal/entry.ts'
import { boundedFetch, type Tap } from './bounded-fetch.ts'

export type ModelSettings = {
  readonly apiKey: string | null
  readonly baseUrl: string
  readonly name: string
  readonly dailyBudgetUsd: number
  readonly price: ModelPrice | null
  readonly schemaMode: 'json_schema' | 'json_object' | 'prompt'
  /** Null: no sampling parameter is sent. */
  readonly temperature: number | null
  readonly maxTokensField: 'max_completion_tokens' | 'max_tokens'
  readonly maxTokens: number
  readonly timeoutMs: number
}

export type Question = {
  readonly messages: readonly ChatMessage[]
  readonly schemaName: string
  readonly jsonSchema: Readonly<Record<string, unknown>>
}

/** What a call may cost: `promptTokens` estimated, `reservedUsd` for these and the longest answer. */
export type Reservation = {
  readonly price: ModelPrice & { readonly known: boolean }
  readonly promptTokens: number
  readonly reservedUsd: number
}

/** What the journal records of a call, whatever came of it. */
export type Facts = Omit<AttemptEntry, 'date' | 'attempt' | 'model' | 'outcome' | 'detail'>

export type Called =
  | { readonly kind: 'completion'; readonly facts: Facts; readonly completion: Completion }
  | { readonly kind: 'failure'; readonly facts: Facts; readonly failure: Failure; readonly detail: string }

const answerBytesMost = 1_000_000

/** Facts of a call that was not made, to be filled by one that was. */
export function noFacts(sentAtMs: number): Facts {
  return {
    sentAt: new Date(sentAtMs).toISOString(),
    latencyMs: 0,
    answeredBy: null,
    fingerprint: null,
    requestId: null,
    finishReason: null,
    promptTokens: null,
    completionTokens: null,
    costUsd: 0,
    costEstimated: false,
    rawAnswer: null,
  }
}

/** One request over the wire, no retries. Everything the server sent is cleaned of the key before it is returned. */
export async function callModel(
  settings: ModelSettings,
  question: Question,
  reservation: Reservation,
  now: () => number,
): Promise<Called> {
  // Loaded here, so that no command which asks no model waits for it.
  const { default: Client } = await import('openai')
  const clean = (text: string): string => withoutKey(text.toWellFormed(), settings.apiKey)
  const cleanBrief = (text: string | null | undefined): string | null => (text ? brief(clean(text)) : null)
  const tap: Tap = { requestId: null, tooLarge: false }
  const client = new Client({
    apiKey: settings.apiKey ?? 'none',
    baseURL: settings.baseUrl,
    // Named, so that the client does not take them from the environment behind our back.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    maxRetries: 0,
    timeout: settings.timeoutMs,
    logLevel: 'off',
    fetch: boundedFetch(tap, answerBytesMost),
  })
  const sentAt = now()
  const basics = (): Facts => ({
    ...noFacts(sentAt),
    latencyMs: Math.max(0, now() - sentAt),
    requestId: cleanBrief(tap.requestId),
  })
  const failed = ({ failure, detail, charged }: Fault): Called => {
    const cost = charged ? { costUsd: reservation.reservedUsd, costEstimated: true } : {}
    return { kind: 'failure', facts: { ...basics(), ...cost }, failure, detail: cleanBrief(detail) ?? '' }
  }
  let reply: unknown
  try {
    reply = await client.chat.completions.create(requestBody(settings, question))
  } catch (error) {
    return failed(faultOf(error, Client, tap))
  }
  const parsed = Reply.safeParse(reply)
  if (!parsed.success) return failed(noCompletion(JSON.stringify(reply) ?? 'nothing'))
  const { choices, usage, model, system_fingerprint } = parsed.data
  const { finish_reason, message } = choices[0]!
  const text = clean(message.content ?? '')
  const refusal = message.refusal ? clean(message.refusal) : null
  const finishReason = cleanBrief(finish_reason)
  const promptTokens = usage?.prompt_tokens ?? null
  const completionTokens = usage?.completion_tokens ?? null
  const facts: Facts = {
    ...basics(),
    answeredBy: cleanBrief(model),
    fingerprint: cleanBrief(system_fingerprint),
    finishReason,
    promptTokens,
    completionTokens,
    costUsd: costUsd(reservation.price, {
      input: promptTokens ?? reservation.promptTokens,
      output: completionTokens ?? estimatedTokens(refusal ?? text),
    }),
    costEstimated: !reservation.price.known || promptTokens === null || completionTokens === null,
    rawAnswer: refusal ?? text,
  }
  return { kind: 'completion', facts, completion: { text, refusal, finishReason } }
}

function requestBody(settings: ModelSettings, { messages, schemaName, jsonSchema }: Question) {
  const { schemaMode, temperature, maxTokensField, maxTokens, name } = settings
  const formats = {
    json_schema: {
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: schemaName, strict: true, schema: { ...jsonSchema } },
      },
    },
    json_object: { response_format: { type: 'json_object' as const } },
    prompt: {},
  }
  return {
    model: name,
    messages: [...messages],
    [maxTokensField]: maxTokens,
    ...(temperature === null ? {} : { temperature }),
    ...formats[schemaMode],
  }
}

const text = z.string().nullish().catch(null)
const count = z.int().min(0).nullish().catch(null)

/** What we read of a server's reply; whatever else is odd about it is not our concern. */
const Reply = z.object({
  model: text,
  system_fingerprint: text,
  choices: z
    .array(z.object({ finish_reason: text, message: z.object({ content: z.string().nullish(), refusal: text }) }))
    .min(1),
  usage: z.object({ prompt_tokens: count, completion_tokens: count }).nullish().catch(null),
})

/** `charged`: the provider may have worked on it and send a bill, so the budget counts what was reserved. */
type Fault = { readonly failure: Failure; readonly detail: string; readonly charged: boolean }

const plain = { status: null, code: null, param: null, retryAfterMs: null }
/** What providers call a question whose text they will not take, now or later. */
const aboutText = ['content_filter', 'content_policy_violation', 'invalid_prompt', 'context_length_exceeded']
const neverArrived = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']

function noCompletion(body: string): Fault {
  const failure: Failure = { ...plain, outcome: 'http-error', status: 200 }
  return { failure, detail: `status 200, but no chat completion: ${body.slice(0, 2000)}`, charged: true }
}

function faultOf(error: unknown, Client: typeof OpenAI, tap: Tap): Fault {
  if (tap.tooLarge) {
    const detail = `more than ${answerBytesMost} bytes, the rest of which was not read`
    return { failure: { ...plain, outcome: 'too-large' }, detail, charged: true }
  }
  if (error instanceof Client.APIConnectionTimeoutError) {
    return { failure: { ...plain, outcome: 'timeout' }, detail: 'no complete answer in time', charged: true }
  }
  if (error instanceof Client.APIConnectionError) {
    const code = causeCode(error)
    const detail = `connection failed (${code})`
    return { failure: { ...plain, outcome: 'connection' }, detail, charged: !neverArrived.includes(code) }
  }
  if (error instanceof Client.APIError) {
    const isAboutText = typeof error.code === 'string' && aboutText.includes(error.code)
    const failure: Failure = {
      outcome: isAboutText ? 'filtered' : 'http-error',
      status: error.status ?? null,
      code: typeof error.code === 'string' ? error.code : null,
      param: typeof error.param === 'string' ? error.param : null,
      retryAfterMs: retryAfterMs(error.headers),
    }
    return { failure, detail: error.message, charged: false }
  }
  if (error instanceof SyntaxError) return noCompletion('the body is no JSON')
  throw error
}

/** Why a connection failed, from the innermost cause: the system's name for it, else its message. */
function causeCode(error: Error): string {
  let found = error.message
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    found = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  }
  return found
}

/** `retry-after-ms` or `retry-after` in seconds; the form with a date is rare and would need a clock, so it counts as absent. */
function retryAfterMs(headers: Headers | undefined): number | null {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '')
  if (Number.isFinite(ms)) return ms
  const seconds = /^\d+(\.\d+)?$/.exec(headers?.get('retry-after') ?? '')?.[0]
  return seconds === undefined ? null : Number(seconds) * 1000
}

/** Some servers quote the key they refuse. Shorter words than six letters are no keys, and may well be words of an answer. */
function withoutKey(text: string, key: string | null): string {
  const without = key !== null && key.length >= 6 ? text.replaceAll(key, '[key]') : text
  return without.replace(/\bsk-[A-Za-z0-9_*-]{12,}/g, '[key]')
}
