import type { Parsed } from './answer.ts'
import { plainText } from './plain-text.ts'

/** One message of a conversation with the model. */
export type ChatMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

/** How one try failed before there was any answer to judge. */
export type Failure = {
  readonly outcome: 'timeout' | 'connection' | 'http-error' | 'too-large' | 'filtered'
  readonly status: number | null
  /** What the server called the fault, and the field it blamed, where it said so. */
  readonly code: string | null
  readonly param: string | null
  readonly retryAfterMs: number | null
}

const delayMsMost = 60_000

/** Whether the same question may succeed later: busy, failing and silent servers yes, refusals no. */
export function retryable({ outcome, status, code }: Failure): boolean {
  if (outcome === 'too-large' || outcome === 'filtered' || code === 'insufficient_quota') return false
  if (outcome !== 'http-error' || status === null) return true
  // A status of success whose body is no completion is a proxy's page or a cut answer, and passes.
  return status < 300 || status === 408 || status === 409 || status === 429 || status >= 500
}

/**
 * How long to wait before try `number + 1`: what the server asked for, else 1, 2, 4 s and so on, of which chance takes up to
 * half so that many programs do not return at once. Never above one minute.
 *
 * @param number tries made so far, from 1
 * @param chance in [0, 1)
 */
export function delayMs(number: number, chance: number, retryAfterMs: number | null): number {
  if (retryAfterMs !== null) return Math.min(Math.max(retryAfterMs, 0), delayMsMost)
  return Math.min(1000 * 2 ** (number - 1), delayMsMost) * (1 - chance / 2)
}

/** Why there was no answer, as the end of a sentence that starts with "No decision today:". */
export function failureReason(failure: Failure, timeoutMs: number): string {
  const { outcome, status } = failure
  switch (outcome) {
    case 'timeout':
      return `the model did not answer within ${timeoutMs / 1000} seconds`
    case 'connection':
      return "the model's server could not be reached"
    case 'too-large':
      return "the model's answer was larger than 1 MB"
    case 'filtered':
      return `the model's provider refuses this question (${failure.code ?? 'filtered'})`
    case 'http-error':
      return statusReason(status ?? 0, failure)
  }
}

function statusReason(status: number, { code, param }: Failure): string {
  if (code === 'insufficient_quota' || status === 402) return "the account of the model's provider has no credit left"
  if (status < 300) return "the model's server sent something that is no answer"
  switch (status) {
    case 401:
      return "the model's server refused the key (401): check OPENAI_API_KEY"
    case 403:
      return "the model's server does not allow this key the model (403): check the key's permissions and LLM_MODEL"
    case 404:
      return "the model's server knows no such model or address (404): check LLM_MODEL and OPENAI_BASE_URL"
    case 429:
      return "the model's server was too busy (429)"
    default:
      if (status >= 500) return `the model's server failed (${status})`
      return `the model's server refused the request (${status}): check ${blamedSetting(param)}`
  }
}

function blamedSetting(param: string | null): string {
  if (param === 'temperature') return 'LLM_SAMPLING'
  if (param?.startsWith('max_') === true) return 'LLM_MAX_TOKENS_FIELD and LLM_MAX_TOKENS'
  if (param?.startsWith('response_format') === true) return 'LLM_SCHEMA_MODE'
  return 'LLM_SCHEMA_MODE, LLM_SAMPLING and LLM_MAX_TOKENS_FIELD'
}

/**
 * The conversation with one more turn: the answer that could not be used, and what is wrong with it. The answer is cut, since
 * its faults are told and its length would be paid for again.
 */
export function repairTurn(
  messages: readonly ChatMessage[],
  turn: { readonly answer: string; readonly issues: readonly string[] },
): readonly ChatMessage[] {
  return [
    ...messages,
    ...(turn.answer === '' ? [] : [{ role: 'assistant' as const, content: turn.answer.slice(0, 8000).toWellFormed() }]),
    {
      role: 'user',
      content: [
        'Your answer cannot be used, and nothing of it was executed:',
        ...turn.issues.map((issue) => `- ${issue}`),
        'Answer once more, complete and corrected: one JSON object of the form asked for, and nothing else.',
      ].join('\n'),
    },
  ]
}

/** What came back, before anyone judged it. */
export type Completion = {
  readonly text: string
  readonly refusal: string | null
  readonly finishReason: string | null
}

export type Verdict<T> =
  | { readonly outcome: 'accepted'; readonly detail: string; readonly answer: T }
  | { readonly outcome: 'refused' | 'filtered'; readonly detail: string }
  | { readonly outcome: 'invalid' | 'truncated'; readonly detail: string; readonly issues: readonly string[] }

/** What becomes of an answer. One that was cut off or withheld is not read, even if what is left of it happens to parse. */
export function verdictOn<T>(completion: Completion, parse: (text: string) => Parsed<T>): Verdict<T> {
  const { text, refusal, finishReason } = completion
  if (refusal !== null) return { outcome: 'refused', detail: brief(refusal) }
  if (finishReason === 'content_filter') return { outcome: 'filtered', detail: 'finish_reason content_filter' }
  if (finishReason === 'length') {
    const issue = 'the answer was cut off because it was too long: give fewer and shorter reasons'
    return { outcome: 'truncated', detail: 'finish_reason length', issues: [issue] }
  }
  const parsed = parse(text)
  if (parsed.kind === 'answer') return { outcome: 'accepted', detail: '', answer: parsed.answer }
  return { outcome: 'invalid', detail: brief(parsed.issues.join('; ')), issues: parsed.issues }
}

/** Outside text as the journal's details hold it: one line, not long. */
export function brief(text: string): string {
  return plainText(text, 400)
}
