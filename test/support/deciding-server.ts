import { randomFrom, randomInt } from '../../src/random.ts'
import {
  decisionText,
  type ModelServer,
  type ModelServerRequest,
  type Reply,
  replies,
  startModelServer,
} from './model-server.ts'

const symbols = ['SPY', 'QQQ', 'GLD', 'TLT', 'FEZ', 'MC.PA', 'TTE.PA', 'SAN.PA', 'AIR.PA', 'BNP.PA']

/**
 * A model that answers the same to the same date: two buys and a sale, drawn by the date. On some dates its first answer is
 * prose, and only the one after the repair can be used.
 */
export function decidingServer(): Promise<ModelServer> {
  return startModelServer({
    script: (request) => {
      const answer = scriptedDecision(request)
      if (answer === null) throw new Error('the prompt names no session')
      return answer
    },
  })
}

/** What such a model answers; null where the prompt asks for no decision. */
export function scriptedDecision(request: ModelServerRequest): Reply | null {
  const date = dateIn(request)
  if (date === null) return null
  const random = randomFrom('model', date)
  const pick = () => symbols[randomInt(random, symbols.length)]!
  const [first, second] = [pick(), pick()]
  const actions = [
    { symbol: first, side: 'buy', pct: 5 + randomInt(random, 30), reason: 'Drawn by the date.' },
    ...(second === first
      ? []
      : [{ symbol: second, side: 'sell', pct: 10 + randomInt(random, 90), reason: 'Drawn by the date.' }]),
  ]
  if (random() < 0.2 && request.body.messages.length === 2) return replies.prose()
  return replies.completion({ content: decisionText(...actions) })
}

/** The trade date that a prompt asks about. */
export function dateAsked(request: ModelServerRequest): string {
  const date = dateIn(request)
  if (date === null) throw new Error('the prompt names no session')
  return date
}

function dateIn(request: ModelServerRequest): string | null {
  const said = request.body.messages.map((message) => message.content).join('\n')
  return /decision after the session of (\d{4}-\d{2}-\d{2})/.exec(said)?.[1] ?? null
}

/** Settings that let a server on this machine decide, at no price. */
export function modelEnvironment(url: string): Readonly<Record<string, string>> {
  return { OPENAI_BASE_URL: url, OPENAI_API_KEY: secretKey, LLM_MODEL: 'local-model', LLM_PRICE_USD_PER_MTOK: '0,0' }
}

/** Stands for a real key; it must appear nowhere but in requests. */
export const secretKey = 'sk-test-4f9a1c77d2e84b0f9c3e'
